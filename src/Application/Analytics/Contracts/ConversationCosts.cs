namespace GrooteDashboard.Application.Analytics.Contracts;

/// <summary>Conversations and what they come to, as the existing system answers. The totals are of all, the list is a part of them.</summary>
/// <remarks><c>Other</c>: those that are not in the list; null where all are.</remarks>
public sealed record ConversationCosts(
    long TotalConversations,
    decimal TotalCostUsd,
    long TotalTasks,
    double TotalDurationSeconds,
    decimal AvgCostPerConversation,
    decimal AvgTasksPerConversation,
    IReadOnlyList<ConversationCost> Conversations,
    OtherConversations? Other);

/// <remarks><c>Share</c>: the part of the cost of all, 0 to 1.</remarks>
public sealed record ConversationCost(
    string ConversationId,
    string Title,
    decimal TotalCostUsd,
    long TotalTasks,
    double TotalDurationSeconds,
    decimal Share,
    DateTimeOffset? StartedAt,
    DateTimeOffset? CompletedAt);

/// <remarks><c>Share</c>: their part of the cost of all, 0 to 1.</remarks>
public sealed record OtherConversations(long Conversations, decimal Share, decimal TotalCostUsd, long TotalTasks);
