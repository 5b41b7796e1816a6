using System.Text.Json.Nodes;
using AutoMapper;
using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations.Contracts;
using GrooteDashboard.Application.Conversations.Ports;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Conversations;
using GrooteDashboard.Domain.Tasks;
using MediatR;

namespace GrooteDashboard.Application.Conversations.Commands;

/// <summary>A person begins to talk, or an engine opens a conversation for a thread at a source.</summary>
/// <param name="Title">Its title.</param>
/// <param name="UserId">Whose it is; <see cref="Conversation.DefaultUser"/> where nobody is named.</param>
/// <param name="AgentType">The agent that is to answer; null for the default one.</param>
/// <param name="FlowId">The thread at the source.</param>
/// <param name="Source">The source's name, kept in the metadata.</param>
/// <param name="Metadata">A JSON object.</param>
public sealed record CreateConversationCommand(
    string Title, string? UserId = null, string? AgentType = null, string? FlowId = null, string? Source = null, string Metadata = Conversation.NoMetadata)
    : ICommand<ConversationSummary>;

internal sealed class CreateConversationValidator : AbstractValidator<CreateConversationCommand>
{
    public CreateConversationValidator()
    {
        RuleFor(c => c.Title).NotNull().MaximumLength(Conversation.MaxTitleLength).WithName("title");
        RuleFor(c => c.UserId).Must(id => id is null || Identifier.IsValid(id)).WithName("user_id").WithMessage("user_id is not a valid id.");
        RuleFor(c => c.AgentType).Length(1, AgentTask.MaxKindLength).WithName("agent_type");
        RuleFor(c => c.FlowId).Length(1, AgentTask.MaxNameLength).WithName("flow_id");
        RuleFor(c => c.Source).Length(1, AgentTask.MaxKindLength).WithName("source");
        RuleFor(c => c.Metadata).MaximumLength(Conversation.MaxMetadataLength).WithName("metadata");
    }
}

internal sealed class CreateConversationHandler(IConversationRepository conversations, IMapper mapper, TimeProvider time)
    : IRequestHandler<CreateConversationCommand, ConversationSummary>
{
    public Task<ConversationSummary> Handle(CreateConversationCommand command, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var conversation = Conversation.Start(
            NewId.ForConversation(now),
            new ConversationStart(
                LogText.Clean(command.Title),
                command.UserId ?? Conversation.DefaultUser,
                command.AgentType is { } agent ? LogText.Clean(agent) : null,
                command.FlowId is { } flow ? LogText.Clean(flow) : null,
                MetadataOf(command)),
            now);
        conversations.Add(conversation);
        return Task.FromResult(mapper.Map<ConversationSummary>(conversation));
    }

    private static string MetadataOf(CreateConversationCommand command)
    {
        var metadata = LogText.RepairEscapes(command.Metadata);
        if (command.Source is null)
        {
            return metadata;
        }

        var withSource = JsonNode.Parse(metadata)!.AsObject();
        withSource["source"] = LogText.Clean(command.Source);
        return withSource.ToJsonString();
    }
}
