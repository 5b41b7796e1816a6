namespace GrooteDashboard.Application.Analytics.Contracts;

/// <summary>Conversations and what they come to, as the existing system answers. The totals are of all, the list is a part of them.</summary>
public sealed record ConversationCosts(
    long TotalConversations,
    decimal TotalCostUsd,
    long TotalTasks,
    double TotalDurationSeconds,
    decimal AvgCostPerConversation,
    decimal AvgTasksPerConversation,
    IReadOnlyList<ConversationCost> Conversations);

public sealed record ConversationCost(
    string ConversationId,
    string Title,
    decimal TotalCostUsd,
    long TotalTasks,
    double TotalDurationSeconds,
    DateTimeOffset? StartedAt,
    DateTimeOffset? CompletedAt);
