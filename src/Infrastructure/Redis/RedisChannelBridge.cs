using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Infrastructure.Redis.PubSub;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.Infrastructure.Redis;

/// <summary>
/// Takes in what the producers publish: callback → bounded inbox → one reader. The callback never waits, because Redis cuts a subscriber
/// that cannot keep up; the reader may wait for as long as the store is away, and the inbox says so when it overflows.
/// </summary>
internal sealed partial class RedisChannelBridge
{
    private const int MaxBatch = 512;
    private const int MaxBatchBytes = 4 << 20;

    private static readonly string[] Patterns = [ProducerChannels.OutputPattern, ProducerChannels.StatusPattern];

    private readonly RedisSubscriber _subscriber;
    private readonly TaskIngest _ingest;
    private readonly ITaskLog _log;
    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<RedisChannelBridge> _logger;
    private RedisInbox _inbox;

    public RedisChannelBridge(
        RedisSubscriber subscriber,
        TaskIngest ingest,
        ITaskLog log,
        IngestMetrics metrics,
        IOptions<RedisOptions> options,
        TimeProvider time,
        ILogger<RedisChannelBridge> logger)
    {
        _subscriber = subscriber;
        _ingest = ingest;
        _log = log;
        _options = options.Value;
        _time = time;
        _logger = logger;
        _inbox = NewInbox();
        metrics.ObserveDepth("inbox", "{message}", () => InboxDepth);
        metrics.ObserveDepth("inbox_bytes", "By", () => InboxBytes);
    }

    public int InboxDepth => Volatile.Read(ref _inbox).Count;

    public long InboxBytes => Volatile.Read(ref _inbox).Bytes;

    public int InboxCapacity => _options.InboxCapacity;

    /// <summary>Listens until it is cancelled; then takes in what had arrived, for as long as <see cref="RedisOptions.DrainTimeout"/>.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var inbox = NewInbox();
        Volatile.Write(ref _inbox, inbox);
        using var drain = new CancellationTokenSource();
        var reading = Task.Run(() => ReadAsync(inbox, drain.Token), CancellationToken.None);
        try
        {
            await ListenAsync(inbox, cancellationToken);
        }
        finally
        {
            inbox.Complete();
            drain.CancelAfter(_options.DrainTimeout);
            await reading;
        }
    }

    private RedisInbox NewInbox() => new(_options.InboxCapacity, _options.InboxMaxBytes);

    private async Task ListenAsync(RedisInbox inbox, CancellationToken cancellationToken)
    {
        void Published(string channel, byte[] message) => Receive(inbox, channel, message);
        // In its place among the messages: nothing is heard on the new connection yet.
        _subscriber.Connected += inbox.WriteInterruption;
        _subscriber.Looked += inbox.Wake;
        try
        {
            // Whoever listened before, another instance or this one before a failure, stopped some time ago.
            inbox.WriteInterruption();
            await SubscribeAsync(Published, cancellationToken);
            LogListening();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            _subscriber.Connected -= inbox.WriteInterruption;
            foreach (var pattern in Patterns)
            {
                await AnswerAsync(_subscriber.UnsubscribePatternAsync(pattern));
            }

            await AnswerAsync(_subscriber.UnsubscribeAsync(ProducerChannels.CliStatus));
            _subscriber.Looked -= inbox.Wake;
        }
    }

    /// <summary>Only enqueues: see <see cref="MessageHandler"/>.</summary>
    private void Receive(RedisInbox inbox, string channel, byte[] message)
    {
        // What is refused for its size need not wait in memory to be told so.
        ReadOnlyMemory<byte> kept = message.Length <= LogText.MaxMessageBytes ? message : ReadOnlyMemory<byte>.Empty;
        if (!inbox.TryWrite(new ChannelMessage(channel, kept, message.Length)))
        {
            _ingest.Reject(IngestOutcome.Dropped, IngestReasons.InboxFull);
        }
    }

    /// <summary>Returns when Redis has answered that everything is heard: a deaf process that holds the lease would keep all others from listening.</summary>
    private async Task SubscribeAsync(MessageHandler published, CancellationToken cancellationToken)
    {
        for (var failures = 0; ;)
        {
            try
            {
                await Task.WhenAll([.. Patterns.Select(pattern => _subscriber.SubscribePatternAsync(pattern, published)), _subscriber.SubscribeAsync(ProducerChannels.CliStatus, published)])
                    .WaitAsync(cancellationToken);
                return;
            }
            catch (Exception e) when (e is IOException or TimeoutException)
            {
                // Away, which is known elsewhere.
                await Task.Delay(Backoff.Delay(failures++, _options.RetryDelay, _options.MaxRetryDelay), _time, cancellationToken);
            }
        }
    }

    private static async Task AnswerAsync(Task answer)
    {
        try
        {
            await answer;
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            // Away or stopping; both are known elsewhere.
        }
    }

    private async Task ReadAsync(RedisInbox inbox, CancellationToken drained)
    {
        var batch = new List<ProducerMessage>(MaxBatch);
        try
        {
            while (await inbox.WaitToReadAsync(drained))
            {
                var bytes = 0;
                while (inbox.TryRead(out var item))
                {
                    if (item.Message is { } message)
                    {
                        batch.Add(message);
                        bytes += item.Size;
                        if (batch.Count < MaxBatch && bytes < MaxBatchBytes)
                        {
                            continue;
                        }
                    }

                    // A notice keeps its place among the messages.
                    await TakeAsync(batch, drained);
                    bytes = 0;
                    if (item.Message is null)
                    {
                        Announce(item);
                    }
                }

                await TakeAsync(batch, drained);
            }
        }
        catch (OperationCanceledException) when (drained.IsCancellationRequested)
        {
            LogNotDrained(inbox.Count + batch.Count);
        }
    }

    private void Announce(InboxItem notice)
    {
        if (notice.IsInterruption)
        {
            LogInterrupted();
            _log.AnnounceInterruption(GapReasons.SourceInterrupted);
        }
        else if (notice.LosingTaskId is { Length: > 0 } taskId)
        {
            _log.AnnounceLoss(taskId, GapReasons.SourceOverflow);
        }
        else
        {
            _log.AnnounceInterruption(GapReasons.SourceOverflow);
        }
    }

    private async Task TakeAsync(List<ProducerMessage> batch, CancellationToken cancellationToken)
    {
        if (batch.Count == 0)
        {
            return;
        }

        try
        {
            _ = ObserveAsync(await _ingest.TakeAsync(batch, cancellationToken), batch.Count);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotTaken(batch.Count, e);
        }

        batch.Clear();
    }

    /// <summary>What is published cannot be asked for again, so that a log which fails to store it is only a matter for the operator.</summary>
    private async Task ObserveAsync(Task stored, int messages)
    {
        try
        {
            await stored;
        }
        catch (Exception e)
        {
            LogNotStored(messages, e.GetType().Name);
        }
    }

    [LoggerMessage(LogLevel.Information, "Listening to what the producers publish")]
    private partial void LogListening();

    [LoggerMessage(LogLevel.Information, "What the producers published while nobody listened is lost; those who watch are told")]
    private partial void LogInterrupted();

    [LoggerMessage(LogLevel.Error, "{Messages} published messages could not be taken")]
    private partial void LogNotTaken(int messages, Exception exception);

    [LoggerMessage(LogLevel.Error, "Output of {Messages} published messages could not be stored: {Error}")]
    private partial void LogNotStored(int messages, string error);

    [LoggerMessage(LogLevel.Warning, "Stopped before {Messages} published messages were taken")]
    private partial void LogNotDrained(int messages);
}
