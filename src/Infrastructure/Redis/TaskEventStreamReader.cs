using System.Globalization;
using System.Threading.Channels;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Infrastructure.Redis.Log;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace GrooteDashboard.Infrastructure.Redis;

/// <summary>
/// Reads the producers' stream <c>task_events</c> in its order: every entry at least once, and none before one that precedes it. How far everything is
/// stored is kept in Redis, as the position of a consumer group; whoever reads next, after every failure, begins there, and the log recognises what it
/// has. The stream itself is never changed: others read it too.
/// </summary>
internal sealed partial class TaskEventStreamReader : ISourceProgress
{
    private const string Beginning = "0";
    private const int FirstReadCount = 64;
    private const int MaxReadBytes = 8 << 20;

    /// <summary>More than any type, time or valid id needs.</summary>
    private const int MaxFieldBytes = 1_024;

    private static readonly TimeSpan Block = TimeSpan.FromSeconds(1);

    /// <summary>How often it is compared with where the group stands, while nothing comes: somebody may have moved that back.</summary>
    private static readonly TimeSpan CompareInterval = TimeSpan.FromSeconds(5);

    private readonly RedisConnection _connection;
    private readonly TaskIngest _ingest;
    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<TaskEventStreamReader> _logger;
    private long _readUpTo = DateTimeOffset.MinValue.UtcTicks;
    private int _unacknowledged;
    private int _readCount;
    private EntryId _readTo;
    private bool _groupSeen;
    private long _comparedAt;
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

    /// <summary>Reads until it is cancelled; then waits for what gets stored within <see cref="RedisOptions.DrainTimeout"/>.</summary>
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

                await ReadSomeAsync(run, cancellationToken);
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

    /// <summary>Begins where everything is known to be stored.</summary>
    private async Task RecoverAsync(Run run, CancellationToken cancellationToken)
    {
        // What is still on its way would only be taken twice.
        await WaitForRoomAsync(run, atMost: 0, cancellationToken);
        run.Position = _readTo = await FindPositionAsync(cancellationToken);
        run.HasFailed = false;
        Volatile.Write(ref _recover, false);
        _readCount = Math.Min(FirstReadCount, _options.ReadCount);
    }

    private async Task ReadSomeAsync(Run run, CancellationToken cancellationToken)
    {
        await WaitForRoomAsync(run, _options.MaxUnacknowledged - _readCount, cancellationToken);
        var began = _time.GetUtcNow();
        var asked = _readCount;
        var entries = await FetchAsync(cancellationToken);
        if (entries.Count > 0)
        {
            await TakeAsync(run, entries, cancellationToken);
            _readTo = EntryId.Parse(entries[^1].Id);
        }
        else if (Unacknowledged == 0 && _time.GetElapsedTime(_comparedAt) >= CompareInterval && await FindPositionAsync(cancellationToken) is var position
            && position < _readTo)
        {
            // Redis has other data than before, and what comes may have lower ids than what was read; or somebody wants it to be read again.
            LogGoingBack(position, _readTo);
            run.Position = _readTo = position;
            return;
        }

        if (entries.Count < asked)
        {
            Interlocked.Exchange(ref _readUpTo, began.UtcTicks);
        }
    }

    private async Task<EntryId> FindPositionAsync(CancellationToken cancellationToken)
    {
        // A group that vanished while this runs went with everything: what is in the stream now has not been read.
        var start = _groupSeen ? Beginning : _options.StreamStart;
        var found = (RedisResult[])(await RedisScript.Source.RunAsync(_connection, [ProducerChannels.TaskEvents, _options.Group, start], cancellationToken))!;
        _groupSeen = true;
        _comparedAt = _time.GetTimestamp();
        if ((int)found[1] == 1)
        {
            LogGroupCreated(_options.Group, start);
        }

        return EntryId.Parse((string)found[0]!);
    }

    private async Task<List<Entry>> FetchAsync(CancellationToken cancellationToken)
    {
        var reply = await _connection.ExecuteBlockingAsync(
            "XREAD",
            ["COUNT", Text(_readCount), "BLOCK", Text((long)Block.TotalMilliseconds), "STREAMS", ProducerChannels.TaskEvents, _readTo.ToString()],
            Block,
            cancellationToken);
        var entries = Parse(reply);
        AdaptReadCount(entries);
        return entries;
    }

    /// <summary>Large entries are read few at a time, so that a read is bounded in bytes and not only in entries.</summary>
    private void AdaptReadCount(List<Entry> entries)
    {
        if (entries.Count > 0)
        {
            var average = Math.Max(1, entries.Sum(entry => entry.Event.Size) / entries.Count);
            _readCount = (int)Math.Clamp(MaxReadBytes / average, 1, Math.Min(_options.ReadCount, _readCount * 2L));
        }
    }

    private async Task TakeAsync(Run run, List<Entry> entries, CancellationToken cancellationToken)
    {
        var stored = await _ingest.TakeAsync([.. entries.Select(entry => entry.Event)], cancellationToken);
        Interlocked.Add(ref _unacknowledged, entries.Count);
        run.Handed.Writer.TryWrite(new Handed(stored, entries[^1].Id, entries.Count));
    }

    private async Task WaitForRoomAsync(Run run, int atMost, CancellationToken cancellationToken)
    {
        while (Unacknowledged > Math.Max(0, atMost))
        {
            await run.Acknowledged.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Moves the position on, in the order in which entries were taken: past all that is stored by now with one command.</summary>
    private async Task AcknowledgeAsync(Run run, CancellationToken drained)
    {
        var failures = 0;
        try
        {
            while (await run.Handed.Reader.WaitToReadAsync(drained))
            {
                string? storedTo = null;
                var ended = 0;
                var failed = false;
                while (run.Handed.Reader.TryPeek(out var handed) && (ended == 0 || handed.Stored.IsCompleted))
                {
                    await handed.Stored.WaitAsync(drained).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    drained.ThrowIfCancellationRequested();
                    // After one that failed nothing counts until it was read again.
                    failed |= !handed.Stored.IsCompletedSuccessfully || run.HasFailed;
                    storedTo = failed ? storedTo : handed.LastId;
                    ended += handed.Entries;
                    run.Handed.Reader.TryRead(out _);
                }

                failed |= storedTo is not null && !await TryAcknowledgeAsync(run, storedTo, drained);
                if (failed)
                {
                    run.HasFailed = true;
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

    private async Task<bool> TryAcknowledgeAsync(Run run, string storedTo, CancellationToken cancellationToken)
    {
        try
        {
            var moved = (int)await RedisScript.Advance.RunAsync(
                _connection, [ProducerChannels.TaskEvents, _options.Group, run.Position.ToString(), storedTo], cancellationToken);
            if (moved == 1)
            {
                run.Position = EntryId.Parse(storedTo);
                return true;
            }

            LogMoved(run.Position);
        }
        catch (Exception e) when (e is RedisException or TimeoutException or InvalidOperationException)
        {
            LogCannotAcknowledge(e.GetType().Name);
        }

        return false;
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
                entries.Add(new Entry(id, ToEvent(id, (RedisResult[])idAndFields[1]!)));
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

    [LoggerMessage(LogLevel.Information, "Consumer group stands at {Position}, before {ReadTo}: the event stream is read again from there")]
    private partial void LogGoingBack(EntryId position, EntryId readTo);

    [LoggerMessage(LogLevel.Warning, "The event stream cannot be read: {Error}; trying again until it can")]
    private partial void LogCannotRead(string error);

    [LoggerMessage(LogLevel.Information, "The event stream is read again")]
    private partial void LogReadingAgain();

    [LoggerMessage(LogLevel.Warning, "Consumer group does not stand at {Position} any more: the event stream is read again from where it stands")]
    private partial void LogMoved(EntryId position);

    [LoggerMessage(LogLevel.Warning, "The position in the event stream cannot be kept: {Error}; what was taken since will be taken again")]
    private partial void LogCannotAcknowledge(string error);

    private readonly record struct Entry(string Id, StreamEvent Event);

    /// <summary>Entries that were taken together.</summary>
    private sealed record Handed(Task Stored, string LastId, int Entries);

    private sealed class Run(Channel<Handed> handed)
    {
        public Channel<Handed> Handed { get; } = handed;

        /// <summary>Released after every acknowledgement.</summary>
        public SemaphoreSlim Acknowledged { get; } = new(0);

        /// <summary>Where the group stands in Redis, as far as this reader put it there.</summary>
        public EntryId Position { get; set; }

        /// <summary>Something was not stored, or that it was could not be noted: what was taken after it is to be read again.</summary>
        public bool HasFailed { get; set; }
    }
}
