using System.Runtime.InteropServices;

namespace GrooteDashboard.Application.Realtime.Log;

/// <summary>
/// The log of every task: output and status in one sequence. The only way in, for producers and for use cases.
/// An append is published to those who watch first and stored a moment later. A task that nobody registered is created.
/// </summary>
public interface ITaskLog
{
    /// <summary>
    /// Appends in order, as one. Waits for room: what is taken but not yet stored is bounded in bytes (<see cref="TaskLogOptions.MaxPendingBytes"/>).
    /// </summary>
    /// <returns>A task that completes when everything is stored, with what became of it.</returns>
    /// <exception cref="OperationCanceledException">Nothing was taken.</exception>
    ValueTask<Task<AppendReceipt>> AppendAsync(IReadOnlyList<LogAppend> appends, CancellationToken cancellationToken);

    /// <summary>Tells those who watch a task that was active in the last minute that something of it may be missing.</summary>
    void AnnounceInterruption(string reason);

    /// <summary>Tells those who watch one task that something of it is missing.</summary>
    void AnnounceLoss(string taskId, string reason);

    /// <summary>Completes when the store holds more of this task than up to <paramref name="offset"/>, or after <paramref name="atMost"/>.</summary>
    Task WaitForMoreAsync(string taskId, long offset, TimeSpan atMost, CancellationToken cancellationToken);
}

/// <summary>Entries for one task.</summary>
public sealed record LogAppend(string TaskId, IReadOnlyList<LogEntry> Entries)
{
    /// <summary>Rows of the outbox that end when this is stored.</summary>
    public IReadOnlyList<long> OutboxIds { get; init; } = [];

    /// <summary>Nobody holds anything up until it is stored: it may be stored a moment later, together with more.</summary>
    public bool CanWait { get; init; }

    /// <summary>What it costs in memory, about: the texts, as they are and as they travel, and beside each its row, its ids, its place in the queues.</summary>
    public long SizeInMemory => Entries.Sum(entry => EntryOverheadBytes + entry switch
    {
        OutputEntry output => (output.Text.Length * 3L) + (output.Data is { } data ? JsonMarshal.GetRawUtf8Value(data).Length : 0),
        StatusEntry status => (status.Message.Error?.Length ?? 0) * 2L,
        _ => 0,
    });

    internal const int EntryOverheadBytes = 256;
}

/// <summary>What became of an append.</summary>
/// <param name="Accepted">Entries that were taken.</param>
/// <param name="Duplicates">Entries that the log held already.</param>
/// <param name="LastOffset">Head of the log of the last task in the append, after it.</param>
public readonly record struct AppendReceipt(int Accepted, int Duplicates, long LastOffset);
