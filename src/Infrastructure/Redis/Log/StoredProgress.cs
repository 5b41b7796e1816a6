using System.Collections.Concurrent;
using System.Globalization;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Log;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace GrooteDashboard.Infrastructure.Redis.Log;

/// <summary>
/// Knows what the writer, on whichever instance, has stored: by what it tells (dash:stored), and by looking once a second in case that was not
/// heard. Completes the appends of this instance, and wakes those who follow a task.
/// </summary>
internal sealed partial class StoredProgress(
    RedisConnection connection, IOptions<TaskLogOptions> logOptions, IOptions<RedisOptions> options, TimeProvider time, ILogger<StoredProgress> logger)
{
    private const int RememberedHeads = 10_000;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Queue<(LogWork[] Works, EntryId Pending, ByteBudget Budget)> _unstored = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _waiters = new(StringComparer.Ordinal);
    private readonly BoundedMemory<long> _heads = new(RememberedHeads);
    private string _epoch = "";
    private EntryId _stored;

    /// <summary>These are stored as soon as everything up to an entry of dash:pending is.</summary>
    public void Add(LogWork[] works, EntryId pending, ByteBudget budget)
    {
        lock (_gate)
        {
            _unstored.Enqueue((works, pending, budget));
        }

        Complete();
    }

    /// <summary>Redis has lost its data, dash:pending with it.</summary>
    /// <returns>What was not stored until then, as far as is known.</returns>
    public IReadOnlyList<LogWork> BeginEpoch(string epoch)
    {
        lock (_gate)
        {
            LogWork[] unstored = [.. _unstored.SelectMany(round => round.Works)];
            _unstored.Clear();
            _epoch = epoch;
            _stored = default;
            return unstored;
        }
    }

    public async Task WaitForMoreAsync(string taskId, long offset, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var changed = _waiters.GetOrAdd(taskId, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (_heads.TryGet(taskId, out var head) && head > offset)
        {
            return;
        }

        try
        {
            await changed.Task.WaitAsync(atMost, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The source stays for the others who wait on it.
        }
    }

    /// <param name="noticeEpoch">Called when there is another epoch than this instance knows.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(Action noticeEpoch, CancellationToken cancellationToken)
    {
        void Heard(RedisChannel channel, RedisValue message) => Hear((string)message!);
        try
        {
            var subscriber = await connection.GetSubscriberAsync(cancellationToken);
            _ = Observe(subscriber.SubscribeAsync(LogKeys.Literal(LogKeys.Stored), Heard));
            using var timer = new PeriodicTimer(Interval, time);
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await LookAsync(noticeEpoch, cancellationToken);
                ForgetWaiters();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The log is closed.
        }
    }

    private async Task LookAsync(Action noticeEpoch, CancellationToken cancellationToken)
    {
        try
        {
            var values = (RedisResult[])(await connection.ExecuteAsync("MGET", [LogKeys.Epoch, LogKeys.Stored], cancellationToken))!;
            if ((string?)values[0] is { } epoch && epoch != Volatile.Read(ref _epoch))
            {
                noticeEpoch();
            }
            else if (!values[0].IsNull && !values[1].IsNull)
            {
                StoredUpTo((string)values[0]!, EntryId.Parse((string)values[1]!));
            }
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // Away; the health of Redis says so.
        }
    }

    /// <summary>Epoch and id; then a line for each channel.</summary>
    private void Hear(string message)
    {
        try
        {
            var lines = message.Split('\n');
            var space = lines[0].IndexOf(' ', StringComparison.Ordinal);
            StoredUpTo(lines[0][..space], EntryId.Parse(lines[0][(space + 1)..]));
            foreach (var line in lines.AsSpan(1))
            {
                space = line.IndexOf(' ', StringComparison.Ordinal);
                if (Channels.TryGetTaskId(line[(space + 1)..], out var taskId))
                {
                    _heads.Set(taskId, long.Parse(line.AsSpan(0, space), CultureInfo.InvariantCulture));
                    if (_waiters.TryRemove(taskId, out var waiter))
                    {
                        waiter.TrySetResult();
                    }
                }
            }
        }
        catch (Exception e) when (e is FormatException or ArgumentOutOfRangeException or OverflowException)
        {
            LogNotUnderstood(e.GetType().Name);
        }
    }

    private void StoredUpTo(string epoch, EntryId id)
    {
        lock (_gate)
        {
            if (epoch != _epoch || id.CompareTo(_stored) <= 0)
            {
                return;
            }

            _stored = id;
        }

        Complete();
    }

    private void Complete()
    {
        var stored = new List<(LogWork[] Works, EntryId Pending, ByteBudget Budget)>();
        lock (_gate)
        {
            while (_unstored.TryPeek(out var round) && round.Pending.CompareTo(_stored) <= 0)
            {
                stored.Add(_unstored.Dequeue());
            }
        }

        foreach (var (works, _, budget) in stored)
        {
            foreach (var work in works)
            {
                budget.Release(work.Bytes);
                work.Stored.TrySetResult(work.Receipt);
            }
        }
    }

    private void ForgetWaiters()
    {
        if (_waiters.Count > logOptions.Value.MaxTasksInMemory)
        {
            foreach (var taskId in _waiters.Keys)
            {
                if (_waiters.TryRemove(taskId, out var waiter))
                {
                    waiter.TrySetResult();
                }
            }
        }
    }

    /// <summary>Without an answer the client subscribes by itself as soon as Redis is back.</summary>
    private async Task Observe(Task subscribing)
    {
        try
        {
            await subscribing.WaitAsync(options.Value.CommandTimeout, time);
        }
        catch (Exception e) when (e is RedisException or TimeoutException or ObjectDisposedException)
        {
            // Away; looking once a second does meanwhile.
        }
    }

    [LoggerMessage(LogLevel.Error, "What the writer told cannot be understood: {Error}")]
    private partial void LogNotUnderstood(string error);
}
