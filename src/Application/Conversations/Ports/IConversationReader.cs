using GrooteDashboard.Application.Conversations.Contracts;
using GrooteDashboard.Domain.Conversations;

namespace GrooteDashboard.Application.Conversations.Ports;

/// <summary>Conversations as screens and engines read them.</summary>
public interface IConversationReader
{
    /// <summary>Last changed first, ties broken by id; by offset, or after a cursor that an earlier page gave.</summary>
    Task<ConversationPage> ListAsync(ConversationFilter filter, ConversationCursor? after, int offset, int limit, CancellationToken cancellationToken);

    Task<ConversationSummary?> FindAsync(string conversationId, CancellationToken cancellationToken);

    /// <summary>The newest conversation of a thread at a source.</summary>
    Task<ConversationSummary?> FindByFlowAsync(string flowId, CancellationToken cancellationToken);

    /// <summary>The newest messages, or the newest before a number, oldest first; null where there is no such conversation.</summary>
    /// <param name="conversationId">The conversation.</param>
    /// <param name="before">Messages with a smaller number.</param>
    /// <param name="roles">Of these roles only; empty for all.</param>
    /// <param name="offset">So many of the newest are passed over.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    Task<IReadOnlyList<NumberedMessage>?> ListMessagesAsync(
        string conversationId, long? before, IReadOnlyList<MessageRole> roles, int offset, int limit, CancellationToken cancellationToken);

    /// <summary>How many of its tasks are in each status, by the status' name.</summary>
    Task<IReadOnlyDictionary<string, int>> CountTasksAsync(string conversationId, CancellationToken cancellationToken);

    /// <summary>Its newest tasks, oldest first.</summary>
    Task<IReadOnlyList<PastTask>> ListRecentTasksAsync(string conversationId, int limit, CancellationToken cancellationToken);

    /// <summary>What was said on its channel after an offset, in order; null where there is no such conversation.</summary>
    Task<ConversationLogPage?> ReadLogAsync(string conversationId, long after, int limit, CancellationToken cancellationToken);
}

/// <summary>A message and its place in the conversation.</summary>
public sealed record NumberedMessage(long Number, MessageDetails Message);

/// <summary>A task as the next one is told of it.</summary>
public sealed record PastTask(string TaskId, string Status, string InputMessage, string? Result);
