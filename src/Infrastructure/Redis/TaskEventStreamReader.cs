using System.Globalization;
using System.Threading.Channels;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Realtime.Ports;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace GrooteDashboard.Infrastructure.Redis;

/// <summary>
/// Reads the producers' stream <c>task_events</c> as a consumer group: every entry at least once. An entry is acknowledged when all of it
/// is stored; what was delivered but not acknowledged is read again after every failure, and the log recognises what it has.
/// The stream itself is never changed: others read it too.
/// </summary>
internal sealed partial class TaskEventStreamReader : ISourceProgress
{
    private const string Beginning = "0";
    private const string NewEntries = ">";
    private const int FirstReadCount = 64;
    private const int MaxReadBytes = 8 << 20;
    private const int MaxAcksPerCommand = 2_000;

    /// <summary>More than any type, time or valid id needs.</summary>
    private const int MaxFieldBytes = 1_024;

    private static readonly TimeSpan Block = TimeSpan.FromSeconds(1);

    /// <summary>How often an idle reader looks whether anything was delivered in its name that it never saw.</summary>
    private static readonly TimeSpan PendingCheck = TimeSpan.FromSeconds(5);

    private readonly RedisConnection _connection;
    private readonly TaskIngest _ingest;
    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<TaskEventStreamReader> _logger;
    private long _readUpTo = DateTimeOffset.MinValue.UtcTicks;
    private int _unacknowledged;
    private int _readCount;
    private long _pendingChecked;
    private bool _groupSeen;
    private bool _recover;

    public TaskEventStreamReader(
        RedisConnection connection,
        TaskIngest ingest,
        IngestMetrics metrics,
        IOptions<RedisOptions> options,
        TimeProvider time,
        ILogger<TaskEventStreamReader> logger)
    {
        _connection = connection;
        _ingest = ingest;
        _options = options.Value;
        _time = time;
        _logger = logger;
        metrics.ObserveDepth("stream_pending", "{entry}", () => Unacknowledged);
    }

    /// <summary>Entries that were taken but not acknowledged yet.</summary>
    public int Unacknowledged => Volatile.Read(ref _unacknowledged);

    public bool HasReadUpTo(DateTimeOffset moment) => Interlocked.Read(ref _readUpTo) >= moment.UtcTicks;

    /// <summary>Reads until it is cancelled; then acknowledges what gets stored within <see cref="RedisOptions.DrainTimeout"/>.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var drain = new CancellationTokenSource();
        // Unbounded as a channel: reading stops at MaxUnacknowledged.
        var run = new Run(Channel.CreateUnbounded<Handed>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true }));
        Interlocked.Exchange(ref _unacknowledged, 0);
        Volatile.Write(ref _recover, true);
        var acknowledging = Task.Run(() => AcknowledgeAsync(run, drain.Token), CancellationToken.None);
        try
        {
            await ReadAsync(run, cancellationToken);
        }
        finally
        {
            run.Handed.Writer.Complete();
            drain.CancelAfter(_options.DrainTimeout);
            await acknowledging;
        }
    }

    private async Task ReadAsync(Run run, CancellationToken cancellationToken)
    {
        for (var failures = 0; ;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                if (Volatile.Read(ref _recover))
                {
                    await RecoverAsync(run, cancellationToken);
                }
                else if (Unacknowledged == 0 && _time.GetElapsedTime(_pendingChecked) >= PendingCheck)
                {
                    // A read that was given up, by this process or by one that has lost the lease, may still have been answered.
                    await ReadPendingAsync(run, cancellationToken);
                }

                await ReadNewAsync(run, cancellationToken);
                if (failures > 0)
                {
                    LogReadingAgain();
                }

                failures = 0;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                Volatile.Write(ref _recover, true);
                if (failures == 0)
                {
                    LogCannotRead(e.GetType().Name);
                }

                await Task.Delay(Backoff.Delay(failures++, _options.RetryDelay, _options.MaxRetryDelay), _time, cancellationToken);
            }
        }
    }

    /// <summary>Makes sure of the group, and reads what was delivered but not acknowledged.</summary>
    private async Task RecoverAsync(Run run, CancellationToken cancellationToken)
    {
        await CreateGroupAsync(cancellationToken);
        // What is still on its way would only be taken twice.
        await WaitForRoomAsync(run, atMost: 0, cancellationToken);
        Volatile.Write(ref _recover, false);
        _readCount = Math.Min(FirstReadCount, _options.ReadCount);
        await ReadPendingAsync(run, cancellationToken);
    }

    private async Task ReadPendingAsync(Run run, CancellationToken cancellationToken)
    {
        for (var after = Beginning; ;)
        {
            await WaitForRoomAsync(run, _options.MaxUnacknowledged - _readCount, cancellationToken);
            var entries = await FetchAsync(after, blocking: false);
            if (entries.Count == 0)
            {
                _pendingChecked = _time.GetTimestamp();
                return;
            }

            after = entries[^1].Id;
            LogTakingAgain(entries.Count);
            await TakeAsync(run, entries, cancellationToken);
        }
    }

    private async Task ReadNewAsync(Run run, CancellationToken cancellationToken)
    {
        await WaitForRoomAsync(run, _options.MaxUnacknowledged - _readCount, cancellationToken);
        var began = _time.GetUtcNow();
        var asked = _readCount;
        var entries = await FetchAsync(NewEntries, blocking: true);
        await TakeAsync(run, entries, cancellationToken);
        if (entries.Count < asked)
        {
            Interlocked.Exchange(ref _readUpTo, began.UtcTicks);
        }
    }

    private async Task CreateGroupAsync(CancellationToken cancellationToken)
    {
        // A group that vanished while this runs went with everything: what is in the stream now has not been read.
        var start = _groupSeen ? Beginning : _options.StreamStart;
        try
        {
            await _connection.ExecuteAsync(
                "XGROUP", ["CREATE", ProducerChannels.TaskEvents, _options.Group, start, "MKSTREAM"], cancellationToken);
            LogGroupCreated(_options.Group, start);
        }
        catch (RedisServerException e) when (e.Message.StartsWith("BUSYGROUP", StringComparison.Ordinal))
        {
            // It exists, as it does on every start but the first.
        }

        _groupSeen = true;
    }

    private async Task<List<Entry>> FetchAsync(string after, bool blocking)
    {
        // Not cancelled: entries of a read that is given up count as delivered, and whoever reads next would not see them at once.
        var reply = await _connection.ExecuteBlockingAsync(
            "XREADGROUP",
            [
                "GROUP", _options.Group, _options.Consumer,
                "COUNT", Text(_readCount),
                .. blocking ? ["BLOCK", Text((long)Block.TotalMilliseconds)] : Array.Empty<object>(),
                "STREAMS", ProducerChannels.TaskEvents, after,
            ],
            Block,
            CancellationToken.None);
        var entries = Parse(reply);
        AdaptReadCount(entries);
        return entries;
    }

    /// <summary>Large entries are read few at a time, so that a read is bounded in bytes and not only in entries.</summary>
    private void AdaptReadCount(List<Entry> entries)
    {
        if (entries.Count > 0)
        {
            var average = Math.Max(1, entries.Sum(entry => entry.Event?.Size ?? 0) / entries.Count);
            _readCount = (int)Math.Clamp(MaxReadBytes / average, 1, Math.Min(_options.ReadCount, _readCount * 2L));
        }
    }

    private async Task TakeAsync(Run run, List<Entry> entries, CancellationToken cancellationToken)
    {
        if (entries.Count == 0)
        {
            return;
        }

        var events = new List<ProducerMessage>(entries.Count);
        foreach (var entry in entries)
        {
            if (entry.Event is null)
            {
                // Somebody trimmed the stream before the entry was acknowledged.
                _ingest.Reject(IngestOutcome.Malformed, IngestReasons.EntryDeleted);
            }
            else
            {
                events.Add(entry.Event);
            }
        }

        var stored = await _ingest.TakeAsync(events, cancellationToken);
        Interlocked.Add(ref _unacknowledged, entries.Count);
        run.Handed.Writer.TryWrite(new Handed(stored, entries));
    }

    private async Task WaitForRoomAsync(Run run, int atMost, CancellationToken cancellationToken)
    {
        while (Unacknowledged > Math.Max(0, atMost))
        {
            await run.Acknowledged.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Acknowledges entries in the order in which they were taken: all that is stored by now with one command.</summary>
    private async Task AcknowledgeAsync(Run run, CancellationToken drained)
    {
        var failures = 0;
        try
        {
            while (await run.Handed.Reader.WaitToReadAsync(drained))
            {
                var ids = new List<object>();
                var ended = 0;
                var failed = false;
                while (ended < MaxAcksPerCommand && run.Handed.Reader.TryPeek(out var handed) && (ended == 0 || handed.Stored.IsCompleted))
                {
                    await handed.Stored.WaitAsync(drained).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    drained.ThrowIfCancellationRequested();
                    failed |= !handed.Stored.IsCompletedSuccessfully;
                    if (handed.Stored.IsCompletedSuccessfully)
                    {
                        ids.AddRange(handed.Entries.Select(entry => entry.Id));
                    }

                    ended += handed.Entries.Count;
                    run.Handed.Reader.TryRead(out _);
                }

                failed |= !await TryAcknowledgeAsync(ids, drained);
                if (failed)
                {
                    // They stay pending in the group, and are read again from there.
                    Volatile.Write(ref _recover, true);
                    await Task.Delay(Backoff.Delay(failures++, _options.RetryDelay, _options.MaxRetryDelay), _time, drained);
                }
                else
                {
                    failures = 0;
                }

                Interlocked.Add(ref _unacknowledged, -ended);
                run.Acknowledged.Release();
            }
        }
        catch (OperationCanceledException) when (drained.IsCancellationRequested)
        {
            // Stopping: what is left is read again at the next start.
        }
    }

    private async Task<bool> TryAcknowledgeAsync(List<object> ids, CancellationToken cancellationToken)
    {
        if (ids.Count == 0)
        {
            return true;
        }

        try
        {
            await _connection.ExecuteAsync("XACK", [ProducerChannels.TaskEvents, _options.Group, .. ids], cancellationToken);
            return true;
        }
        catch (Exception e) when (e is RedisException or TimeoutException or InvalidOperationException)
        {
            LogCannotAcknowledge(ids.Count, e.GetType().Name);
            return false;
        }
    }

    private static List<Entry> Parse(RedisResult reply)
    {
        var entries = new List<Entry>();
        if (reply is null || reply.IsNull)
        {
            return entries;
        }

        foreach (var stream in (RedisResult[])reply!)
        {
            var nameAndEntries = (RedisResult[])stream!;
            foreach (var item in (RedisResult[])nameAndEntries[1]!)
            {
                var idAndFields = (RedisResult[])item!;
                var id = (string)idAndFields[0]!;
                entries.Add(new Entry(id, idAndFields[1].IsNull ? null : ToEvent(id, (RedisResult[])idAndFields[1]!)));
            }
        }

        return entries;
    }

    private static StreamEvent ToEvent(string id, RedisResult[] fields)
    {
        string? type = null, timestamp = null, taskId = null;
        byte[] data = [];
        long size = 0;
        for (var i = 0; i + 1 < fields.Length; i += 2)
        {
            var name = (byte[])fields[i]!;
            var value = (byte[])fields[i + 1]!;
            size += name.Length + value.Length;
            if (name.AsSpan().SequenceEqual("data"u8))
            {
                data = value;
            }
            else if (name.AsSpan().SequenceEqual("type"u8))
            {
                type = Text(value);
            }
            else if (name.AsSpan().SequenceEqual("timestamp"u8))
            {
                timestamp = Text(value);
            }
            else if (name.AsSpan().SequenceEqual("task_id"u8))
            {
                taskId = Text(value);
            }
        }

        return new StreamEvent(id, type, timestamp, taskId, size <= LogText.MaxMessageBytes ? data : ReadOnlyMemory<byte>.Empty, size);
    }

    private static string Text(byte[] field) => LogText.Decode(field.AsSpan(0, Math.Min(field.Length, MaxFieldBytes)));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    [LoggerMessage(LogLevel.Information, "Consumer group {Group} created on the event stream, starting at {Start}")]
    private partial void LogGroupCreated(string group, string start);

    [LoggerMessage(LogLevel.Information, "Taking {Entries} entries again that were delivered but not acknowledged")]
    private partial void LogTakingAgain(int entries);

    [LoggerMessage(LogLevel.Warning, "The event stream cannot be read: {Error}; trying again until it can")]
    private partial void LogCannotRead(string error);

    [LoggerMessage(LogLevel.Information, "The event stream is read again")]
    private partial void LogReadingAgain();

    [LoggerMessage(LogLevel.Warning, "{Entries} entries cannot be acknowledged: {Error}; they will be taken again")]
    private partial void LogCannotAcknowledge(int entries, string error);

    /// <param name="Id">The entry's id.</param>
    /// <param name="Event">Null where the entry was deleted before it was acknowledged.</param>
    private readonly record struct Entry(string Id, StreamEvent? Event);

    /// <summary>Entries that were taken together.</summary>
    private sealed record Handed(Task Stored, List<Entry> Entries);

    private sealed record Run(Channel<Handed> Handed)
    {
        /// <summary>Released after every acknowledgement.</summary>
        public SemaphoreSlim Acknowledged { get; } = new(0);
    }
}
