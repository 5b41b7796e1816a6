using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using GrooteDashboard.Application.Conversations.Commands;
using GrooteDashboard.Application.Conversations.Contracts;
using GrooteDashboard.Application.Conversations.Queries;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Conversations;
using GrooteDashboard.Domain.Tasks;
using Microsoft.AspNetCore.Mvc;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>Filters and paging of the list of conversations.</summary>
internal sealed record ListConversationsRequest(
    [property: Description("Of this user"), FromQuery(Name = "user_id")] string? UserId,
    [property: Description("true for archived ones as well"), FromQuery(Name = "include_archived")] string? IncludeArchived,
    [property: Description("true for those alone, false for the others alone; in place of include_archived"), FromQuery(Name = "archived")] string? Archived,
    [property: Description("Of this thread at a source, such as github:owner/repo#42"), FromQuery(Name = "flow_id")] string? FlowId,
    [property: Description("What the title contains, in any case: 3 to 200 characters"), FromQuery(Name = "text")] string? Text,
    [property: Description("1 to 200, 50 unless told"), FromQuery(Name = "limit")] string? Limit,
    [property: Description("So many are passed over"), FromQuery(Name = "offset")] string? Offset,
    [property: Description("What Next-Cursor said: goes on from there"), FromQuery(Name = "cursor")] string? Cursor)
{
    private const int DefaultLimit = 50;

    public ListConversationsQuery ToQuery() => new(
        new ConversationFilter(
            string.IsNullOrEmpty(UserId) ? null : UserId,
            QueryValues.Boolean("archived", Archived) ?? (QueryValues.Boolean("include_archived", IncludeArchived) is true ? null : false),
            string.IsNullOrEmpty(FlowId) ? null : FlowId,
            string.IsNullOrEmpty(Text) ? null : Text),
        string.IsNullOrEmpty(Cursor) ? null : Cursor,
        QueryValues.Integer("offset", Offset) ?? 0,
        QueryValues.Integer("limit", Limit) ?? DefaultLimit);
}

internal sealed record GetConversationRequest(
    [property: Description("false to leave the messages out"), FromQuery(Name = "include_messages")] string? IncludeMessages)
{
    public GetConversationQuery ToQuery(string conversationId) => new(conversationId, QueryValues.Boolean("include_messages", IncludeMessages) ?? true);
}

internal sealed record ListMessagesRequest(
    [property: Description("1 to 500, 100 unless told"), FromQuery(Name = "limit")] string? Limit,
    [property: Description("So many of the newest are passed over"), FromQuery(Name = "offset")] string? Offset,
    [property: Description("What Next-Cursor said: the messages before that"), FromQuery(Name = "cursor")] string? Cursor)
{
    private const int DefaultLimit = 100;

    public ListMessagesQuery ToQuery(string conversationId) => new(
        conversationId,
        QueryValues.Long("cursor", Cursor),
        QueryValues.Integer("offset", Offset) ?? 0,
        QueryValues.Integer("limit", Limit) ?? DefaultLimit);
}

internal sealed record GetContextRequest(
    [property: Description("1 to 100, 20 unless told"), FromQuery(Name = "max_messages")] string? MaxMessages,
    [property: Description("Only of these roles, separated by commas: user, assistant, system"), FromQuery(Name = "roles")] string? Roles)
{
    private const int DefaultMaxMessages = 20;

    public GetConversationContextQuery ToQuery(string conversationId) => new(
        conversationId, QueryValues.Integer("max_messages", MaxMessages) ?? DefaultMaxMessages, QueryValues.List(Roles));
}

internal sealed record GetConversationLogRequest(
    [property: Description("Entries after this offset"), FromQuery(Name = "after")] string? After,
    [property: Description("1 to 5000, 1000 unless told"), FromQuery(Name = "limit")] string? Limit)
{
    private const int DefaultLimit = 1_000;

    public GetConversationLogQuery ToQuery(string conversationId) => new(
        conversationId, QueryValues.Long("after", After) ?? 0, QueryValues.Integer("limit", Limit) ?? DefaultLimit);
}

/// <summary>A new conversation.</summary>
internal sealed record CreateConversationRequest(
    [property: MaxLength(Conversation.MaxTitleLength)] string? Title,
    [property: MaxLength(Identifier.MaxLength)] string? UserId,
    [property: MaxLength(AgentTask.MaxKindLength)] string? AgentType,
    [property: MaxLength(AgentTask.MaxNameLength)] string? FlowId,
    [property: MaxLength(AgentTask.MaxKindLength)] string? Source,
    [property: Description("A JSON object of at most 100,000 characters")] JsonElement? Metadata)
{
    public CreateConversationCommand ToCommand() => new(
        Title!,
        string.IsNullOrEmpty(UserId) ? null : UserId,
        string.IsNullOrEmpty(AgentType) ? null : AgentType,
        string.IsNullOrEmpty(FlowId) ? null : FlowId,
        string.IsNullOrEmpty(Source) ? null : Source,
        QueryValues.JsonObject("metadata", Metadata) ?? Conversation.NoMetadata);
}

/// <summary>What is to change of a conversation; what is left out stays.</summary>
internal sealed record UpdateConversationRequest(
    [property: MaxLength(Conversation.MaxTitleLength)] string? Title,
    bool? IsArchived,
    [property: Description("A JSON object of at most 100,000 characters")] JsonElement? Metadata)
{
    public UpdateConversationCommand ToCommand(string conversationId) => new(conversationId, Title, IsArchived, QueryValues.JsonObject("metadata", Metadata));
}

/// <summary>A message to be saved.</summary>
internal sealed record AddMessageRequest(
    [property: AllowedValues("user", "assistant", "system")] string? Role,
    [property: MaxLength(Message.MaxContentLength)] string? Content,
    [property: MaxLength(Identifier.MaxLength)] string? TaskId,
    [property: Description("A JSON object of at most 100,000 characters")] JsonElement? Metadata)
{
    public AddMessageCommand ToCommand(string conversationId) => new(
        conversationId,
        Role ?? "",
        Content!,
        string.IsNullOrEmpty(TaskId) ? null : TaskId,
        QueryValues.JsonObject("metadata", Metadata) ?? Conversation.NoMetadata);
}

/// <summary>Where something is said.</summary>
internal sealed record ChatRequest(
    [property: Description("The session of whoever speaks"), FromQuery(Name = "session_id")] string? SessionId,
    [property: Description("The conversation; a new one where none is named"), FromQuery(Name = "conversation_id")] string? ConversationId,
    [property: Description("The agent that is to answer in a new conversation"), FromQuery(Name = "agent_type")] string? AgentType)
{
    public SendMessageCommand ToCommand(ChatMessage message) => new(
        message.Message!,
        string.IsNullOrEmpty(SessionId) ? throw QueryValues.Invalid("session_id", "session_id is required.") : SessionId,
        string.IsNullOrEmpty(ConversationId) ? null : ConversationId,
        string.IsNullOrEmpty(AgentType) ? null : AgentType,
        string.IsNullOrEmpty(message.MessageId) ? null : message.MessageId);
}

/// <summary>What is said.</summary>
/// <param name="Message">The words.</param>
/// <param name="MessageId">An id of the sender's choice: what is sent again under it is not said twice.</param>
internal sealed record ChatMessage(
    [property: Length(1, AgentTask.MaxInputLength)] string? Message,
    [property: MaxLength(Identifier.MaxLength)] string? MessageId);
