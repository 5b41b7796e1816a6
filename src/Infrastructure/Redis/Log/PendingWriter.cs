using System.Globalization;
using System.Text.Json;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Infrastructure.Redis.PubSub;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace GrooteDashboard.Infrastructure.Redis.Log;

/// <summary>
/// Stores what was appended, on the one instance that holds the lease. There is one writer, so that the rows of a task are stored in the order of
/// their offsets: whoever reads by offset never finds a hole below the newest row. What it reads stays in dash:pending until it is stored.
/// </summary>
internal sealed partial class PendingWriter : BackgroundService
{
    /// <summary>The name under which its lease is registered.</summary>
    public const string LeaseName = "log-writer";

    /// <summary>So much is stored at once; a last call's worth more.</summary>
    private const int ReadMessages = 5_000;
    private const int ReadBytes = 8 << 20;

    /// <summary>From batch to batch, while there is much to store: a transaction costs as much as many rows in it. Where somebody waits for it, sooner.</summary>
    private static readonly TimeSpan StoreInterval = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan AwaitedInterval = TimeSpan.FromMilliseconds(5);

    /// <summary>How often it looks for something new of which it was not told.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How long the state of an idle channel is kept in Redis.</summary>
    private static readonly TimeSpan IdleTime = TimeSpan.FromHours(1);

    private readonly RedisConnection _connection;
    private readonly RedisSubscriber _subscriber;
    private readonly PatientStore _store;
    private readonly IIngestLease _lease;
    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly TaskLogMetrics _metrics;
    private readonly ILogger<PendingWriter> _logger;
    private readonly SemaphoreSlim _news = new(0, 1);
    private readonly SemaphoreSlim _awaited = new(0, 1);
    private long? _began;

    // What Redis has to hold, as far as it is known: else its data are older than what was stored from it.
    private string _epoch = "";
    private string _stored = "";
    private string _storing = "";

    public PendingWriter(
        RedisConnection connection,
        RedisSubscriber subscriber,
        ITaskLogStore store,
        [FromKeyedServices(LeaseName)] IIngestLease lease,
        IOptions<RedisOptions> options,
        TimeProvider time,
        TaskLogMetrics metrics,
        ILogger<PendingWriter> logger)
    {
        _connection = connection;
        _subscriber = subscriber;
        _store = new PatientStore(store, time, metrics, logger);
        _lease = lease;
        _options = options.Value;
        _time = time;
        _metrics = metrics;
        _logger = logger;
    }

    public override void Dispose()
    {
        _news.Dispose();
        _awaited.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            for (var failures = 0; ;)
            {
                try
                {
                    await using var held = await _lease.AcquireAsync(stoppingToken);
                    await HoldAsync(held, stoppingToken);
                    failures = 0;
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    LogFailed(e.GetType().Name, e.Message);
                    await Task.Delay(Backoff.Delay(failures++, _options.RetryDelay, _options.MaxRetryDelay), _time, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping, as asked.
        }
    }

    private async Task HoldAsync(IHeldIngestLease held, CancellationToken stoppingToken)
    {
        // Somebody else may have stored meanwhile.
        _epoch = "";
        using var holding = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, held.Lost);
        try
        {
            await WriteAsync(holding.Token);
        }
        catch (OperationCanceledException) when (holding.IsCancellationRequested)
        {
            if (!held.Lost.IsCancellationRequested)
            {
                await DrainAsync();
            }
        }
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        void Told(string channel, byte[] message)
        {
            Wake(_news);
            if (message.Length > 0)
            {
                Wake(_awaited);
            }
        }

        // Without an answer it is subscribed as soon as Redis is back; until then it looks once in a while.
        _ = Ignore(_subscriber.SubscribeAsync(LogKeys.Pending, Told));
        try
        {
            for (var failures = 0; ;)
            {
                try
                {
                    var writer = await BeginAsync(cancellationToken);
                    await OpenAsync(writer, cancellationToken);
                    failures = 0;
                    // Ends when Redis has lost data: then it begins again, with nothing on its way.
                    while (await StoreSomeAsync(writer, cancellationToken) is { } more)
                    {
                        if (!more)
                        {
                            await _news.WaitAsync(Interval, cancellationToken);
                            await RestAsync(cancellationToken);
                        }
                    }
                }
                catch (Exception e) when (!cancellationToken.IsCancellationRequested)
                {
                    LogFailed(e.GetType().Name, e.Message);
                    await Task.Delay(Backoff.Delay(failures++, _options.RetryDelay, _options.MaxRetryDelay), _time, cancellationToken);
                }
            }
        }
        finally
        {
            _ = Ignore(_subscriber.UnsubscribeAsync(LogKeys.Pending));
        }
    }

    private async Task RestAsync(CancellationToken cancellationToken)
    {
        if (_began is { } began)
        {
            TimeSpan LeftOf(TimeSpan interval) => interval - _time.GetElapsedTime(began) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;
            await Task.Delay(LeftOf(AwaitedInterval), _time, cancellationToken);
            await _awaited.WaitAsync(LeftOf(StoreInterval), cancellationToken);
        }

        _began = _time.GetTimestamp();
    }

    /// <summary>From here on nobody else writes; a writer that has lost its lease without knowing can take nothing any more.</summary>
    private async Task<string> BeginAsync(CancellationToken cancellationToken)
    {
        var writer = Guid.NewGuid().ToString("N");
        var found = (RedisResult[])(await RedisScript.Begin.RunAsync(_connection, [writer, _epoch, _stored, _storing], cancellationToken))!;
        _stored = _storing = (string?)found[1] ?? "";
        return writer;
    }

    /// <summary>Where there is no epoch, one is opened as soon as everything that Redis still holds is stored: nothing can come meanwhile.</summary>
    private async Task OpenAsync(string writer, CancellationToken cancellationToken)
    {
        while (true)
        {
            var number = LogEpoch.NumberOf(_epoch).ToString(CultureInfo.InvariantCulture);
            var opened = await RedisScript.Open.RunAsync(_connection, [writer, Guid.NewGuid().ToString("N")[..12], number], cancellationToken);
            if (!opened.IsNull)
            {
                _epoch = (string)opened!;
                LogBegun(_epoch);
                return;
            }

            if (await StoreSomeAsync(writer, cancellationToken) is null)
            {
                // Not the writer any more: who finds out nothing by storing.
                return;
            }
        }
    }

    /// <summary>A stopping instance stores what waits, if it can at once.</summary>
    private async Task DrainAsync()
    {
        using var patience = new CancellationTokenSource(_options.DrainTimeout, _time);
        try
        {
            var writer = await BeginAsync(patience.Token);
            while (await StoreSomeAsync(writer, patience.Token) == true)
            {
            }
        }
        catch (Exception e) when (e is RedisException or TimeoutException or OperationCanceledException)
        {
            // Another instance stores it, or this one after its next start.
        }
    }

    /// <returns>Whether there may be more; null when this is not the writer any more.</returns>
    private async Task<bool?> StoreSomeAsync(string writer, CancellationToken cancellationToken)
    {
        var reply = await RedisScript.Read.RunAsync(
            _connection, [writer, _stored, _storing, Text(ReadMessages), Text(ReadBytes)], cancellationToken);
        if (reply.IsNull)
        {
            return null;
        }

        var batch = Batch.Parse((RedisResult[])reply!, LogUnreadable);
        if (batch.Entries == 0)
        {
            return false;
        }

        var started = _time.GetTimestamp();
        var moved = await _store.WriteAsync(batch.Rows, batch.OutboxIds, cancellationToken);
        _metrics.Stored(batch.Rows.Count, _time.GetElapsedTime(started));
        var isFull = batch.Messages >= ReadMessages || batch.Bytes >= ReadBytes;

        _storing = batch.Last.ToString();
        List<object> arguments =
        [
            writer, _storing, batch.Last.Next.ToString(), Text((long)IdleTime.TotalSeconds), Text(batch.Heads.Count), .. Pairs(batch.Heads), .. Pairs(batch.Calls),
        ];
        if ((long)await RedisScript.Stored.RunAsync(_connection, arguments, cancellationToken) != 1)
        {
            return null;
        }

        _stored = _storing;
        if (moved > 0 && _epoch.Length > 0)
        {
            LogMoved(moved, _epoch);
            await LogEpoch.EndAsync(_connection, _epoch, _epoch, cancellationToken);
        }

        return isFull;
    }

    private static IEnumerable<object> Pairs(Dictionary<string, long> numbers) =>
        numbers.SelectMany(number => new object[] { number.Key, Text(number.Value) });

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task Ignore(Task answer) => await answer.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static void Wake(SemaphoreSlim sleeping)
    {
        try
        {
            if (sleeping.CurrentCount == 0)
            {
                sleeping.Release();
            }
        }
        catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
        {
            // It knows already, or it is gone.
        }
    }

    [LoggerMessage(LogLevel.Information, "This process stores the log, in epoch {Epoch}")]
    private partial void LogBegun(string epoch);

    [LoggerMessage(LogLevel.Error, "The store holds something else under the offsets of {Rows} rows, which are kept at the end of their logs; epoch {Epoch} ends")]
    private partial void LogMoved(int rows, string epoch);

    [LoggerMessage(LogLevel.Warning, "What waits to be stored cannot be taken: {Error} {Reason}; trying again until it can")]
    private partial void LogFailed(string error, string reason);

    [LoggerMessage(LogLevel.Error, "Message {Offset} of {Channel} cannot be read and is left out: {Error}")]
    private partial void LogUnreadable(string channel, long offset, string error);

    /// <summary>Entries of dash:pending.</summary>
    private sealed class Batch
    {
        public List<LogRow> Rows { get; } = [];

        public List<long> OutboxIds { get; } = [];

        public Dictionary<string, long> Heads { get; } = new(StringComparer.Ordinal);

        /// <summary>Of each instance, the newest call whose last entry is here.</summary>
        public Dictionary<string, long> Calls { get; } = new(StringComparer.Ordinal);

        public int Entries { get; private init; }

        public int Messages { get; private set; }

        public long Bytes { get; private set; }

        public EntryId Last { get; private set; }

        public static Batch Parse(RedisResult[] entries, Action<string, long, string> unreadable)
        {
            var batch = new Batch { Entries = entries.Length };
            foreach (var entry in entries)
            {
                var parts = (RedisResult[])entry!;
                batch.Add((RedisResult[])parts[1]!, unreadable);
                batch.Last = EntryId.Parse((string)parts[0]!);
            }

            return batch;
        }

        /// <summary>The fields are those that append.lua writes, in its order: channel, first offset, call; then of each message its mark and its body.</summary>
        private void Add(RedisResult[] fields, Action<string, long, string> unreadable)
        {
            var (channel, offset, call) = ((string)fields[1]!, (long)fields[3], (string)fields[5]!);
            if (call.IndexOf(' ', StringComparison.Ordinal) is var space and > 0)
            {
                Calls[call[..space]] = long.Parse(call.AsSpan(space + 1), CultureInfo.InvariantCulture);
            }

            var isTask = Channels.TryGetTaskId(channel, out var taskId);
            for (var i = 6; i < fields.Length; i += 2, offset++)
            {
                var (mark, body) = ((string)fields[i]!, (byte[])fields[i + 1]!);
                Messages++;
                Bytes += body.Length;
                var outbox = mark[..mark.IndexOf(' ', StringComparison.Ordinal)];
                OutboxIds.AddRange(outbox.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(id => long.Parse(id, CultureInfo.InvariantCulture)));
                if (isTask)
                {
                    Heads[channel] = offset;
                    AddRow(taskId!, offset, mark[(outbox.Length + 1)..], body, unreadable);
                }
            }
        }

        private void AddRow(string taskId, long offset, string sourceId, byte[] body, Action<string, long, string> unreadable)
        {
            var channel = Channels.Task(taskId);
            try
            {
                Rows.Add(ToRow(taskId, sourceId.Length > 0 ? sourceId : null, FrameCodec.Decode(channel, offset, body)));
            }
            catch (Exception e) when (e is JsonException or NotSupportedException)
            {
                unreadable(channel, offset, e.GetType().Name);
            }
        }

        private static LogRow ToRow(string taskId, string? sourceId, in ChannelFrame frame) => frame.Message switch
        {
            TaskOutputMessage output => new LogRow(taskId, frame.Offset!.Value, frame.Timestamp, sourceId, output.Kind, output.Output, output.Data, null, null),
            TaskStatusMessage status => new LogRow(
                taskId, frame.Offset!.Value, frame.Timestamp, sourceId, null, null, StatusData.From(status), status.Status, status.Previous),
            _ => throw new NotSupportedException("A message that has no place in a task's log."),
        };
    }
}
