using GrooteDashboard.Application.Realtime.Log;

namespace GrooteDashboard.Infrastructure.Redis.Log;

/// <summary>An append on its way: in the inbox, in Redis, stored.</summary>
internal sealed class LogWork(IReadOnlyList<LogOperation> operations, long bytes)
{
    private readonly TaskCompletionSource<AppendReceipt> _stored = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<LogOperation> Operations { get; } = operations;

    /// <summary>What it takes of the budget.</summary>
    public long Bytes { get; } = bytes;

    /// <inheritdoc cref="LogAppend.CanWait"/>
    public bool CanWait { get; init; }

    /// <summary>Where its bytes are given back.</summary>
    public ByteBudget? Budget { get; init; }

    /// <summary>Said in its place among the appends; such a work appends nothing.</summary>
    public Announcement? Announcement { get; init; }

    /// <summary>Completes when all of it is stored.</summary>
    public Task<AppendReceipt> Stored => _stored.Task;

    public AppendReceipt Receipt
    {
        get
        {
            var accepted = Operations.Count(operation => operation.IsEntry && operation.Offset > 0);
            var last = Operations.LastOrDefault(operation => !operation.Follows);
            return new AppendReceipt(accepted, Operations.Count(operation => operation.IsEntry) - accepted, Math.Abs(last?.Offset ?? 0));
        }
    }

    /// <summary>All of it is stored.</summary>
    public void Complete()
    {
        Budget?.Release(Bytes);
        _stored.TrySetResult(Receipt);
    }
}

/// <summary>Something of a task is missing, or of every task that was active lately.</summary>
internal sealed record Announcement(string? TaskId, string Reason);
