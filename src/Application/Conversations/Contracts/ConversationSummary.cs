using System.Text.Json.Serialization;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Domain.Conversations;

namespace GrooteDashboard.Application.Conversations.Contracts;

/// <summary>A conversation with its totals.</summary>
public record ConversationSummary
{
    public required string ConversationId { get; init; }

    public required string UserId { get; init; }

    public required string Title { get; init; }

    /// <summary>The agent that answers; null for the default one.</summary>
    public required string? AgentType { get; init; }

    public required string? FlowId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public required bool IsArchived { get; init; }

    /// <summary>A JSON object.</summary>
    [JsonConverter(typeof(RawJsonConverter))]
    public required string Metadata { get; init; }

    public required int MessageCount { get; init; }

    /// <summary>US dollars, over the runs that have ended.</summary>
    public required decimal TotalCostUsd { get; init; }

    /// <summary>Runs that have ended.</summary>
    public required int TotalTasks { get; init; }

    public required double TotalDurationSeconds { get; init; }

    public required DateTimeOffset? StartedAt { get; init; }

    public required DateTimeOffset? CompletedAt { get; init; }

    private sealed class Mapping : OutwardProfile
    {
        public Mapping() => CreateMap<Conversation, ConversationSummary>();
    }
}

/// <summary>A conversation with its newest messages, oldest first.</summary>
public sealed record ConversationDetails : ConversationSummary
{
    public const int MaxMessages = 500;

    [JsonPropertyOrder(1)]
    public IReadOnlyList<MessageDetails> Messages { get; init; } = [];

    private sealed class Mapping : OutwardProfile
    {
        public Mapping() => CreateMap<ConversationSummary, ConversationDetails>().ForMember(d => d.Messages, o => o.Ignore());
    }
}

/// <summary>A message.</summary>
public sealed record MessageDetails
{
    public required string MessageId { get; init; }

    public required string ConversationId { get; init; }

    public required MessageRole Role { get; init; }

    public required string Content { get; init; }

    public required string? TaskId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>A JSON object.</summary>
    [JsonConverter(typeof(RawJsonConverter))]
    public required string Metadata { get; init; }

    private sealed class Mapping : OutwardProfile
    {
        public Mapping() => CreateMap<Message, MessageDetails>();
    }
}
