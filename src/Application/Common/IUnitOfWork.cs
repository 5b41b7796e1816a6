using GrooteDashboard.Application.Realtime.Log;

namespace GrooteDashboard.Application.Common;

/// <summary>The transaction of one use case.</summary>
public interface IUnitOfWork
{
    /// <summary>
    /// Writes what the repositories hold, and in the same transaction the events of the aggregates: those of tasks into the outbox, and
    /// those of a conversation and of its tasks into the sequence of the conversation's channel.
    /// </summary>
    /// <returns>The outbox rows, in the order of their events, to be appended to the log. They end when the log has stored them.</returns>
    /// <exception cref="ConcurrencyException">Somebody else changed the same aggregate meanwhile.</exception>
    Task<IReadOnlyList<LogAppend>> CommitAsync(CancellationToken cancellationToken);

    /// <summary>Forgets what the repositories hold, so that the use case can run again.</summary>
    void Reset();
}

/// <summary>Somebody else changed the same aggregate meanwhile; the use case can run again.</summary>
public sealed class ConcurrencyException(string message, Exception? inner = null) : Exception(message, inner);
