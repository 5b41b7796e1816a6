using System.Text.Json;
using System.Threading.Channels;
using GrooteDashboard.Application.Conversations.Contracts;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Domain.Conversations;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>
/// The channels of conversations. At a signal it reads what was committed after what it has published last, and publishes that: one loop, so that each channel is
/// in order. People type slowly; a read per message costs less than a second way for messages would.
/// </summary>
internal sealed partial class ConversationFeed : BackgroundService, IChannelFeed
{
    /// <summary>PostgreSQL never loses its history, or everything with it.</summary>
    private const string Epoch = "postgres";

    /// <summary>Of a longer message a frame carries the beginning: it has to fit into the queue of every client.</summary>
    private const int MaxLiveLength = 64_000;

    private const int MaxRead = 500;
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(2);

    private readonly ConversationLog _log;
    private readonly PostgresSignals _signals;
    private readonly IRealtimePublisher _publisher;
    private readonly TimeProvider _time;
    private readonly ILogger<ConversationFeed> _logger;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Watched> _watched = new(StringComparer.Ordinal);

    // Bounded by the channels that are watched: each is in it once.
    private readonly HashSet<string> _unread = new(StringComparer.Ordinal);
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public ConversationFeed(ConversationLog log, PostgresSignals signals, IRealtimePublisher publisher, TimeProvider time, ILogger<ConversationFeed> logger)
    {
        (_log, _signals, _publisher, _time, _logger) = (log, signals, publisher, time, logger);
        _signals.Heard += OnHeard;
        _signals.Listening += LookAtAll;
    }

    public async ValueTask<ChannelPosition> WatchAsync(string channel, CancellationToken cancellationToken)
    {
        var conversationId = IdOf(channel);
        Watched watched;
        lock (_gate)
        {
            if (!_watched.TryGetValue(conversationId, out watched!))
            {
                _watched.Add(conversationId, watched = new Watched());
            }

            watched.Users++;
        }

        var head = await _log.ReadHeadAsync(conversationId, cancellationToken);
        lock (_gate)
        {
            watched.Published ??= head;
        }

        // What was committed between the two, and whose signal came before anybody knew where to begin.
        Look(conversationId);
        return new ChannelPosition(Epoch, head);
    }

    public void Unwatch(string channel)
    {
        var conversationId = IdOf(channel);
        lock (_gate)
        {
            if (--_watched[conversationId].Users == 0)
            {
                _watched.Remove(conversationId);
            }
        }
    }

    /// <summary>What is said comes from PostgreSQL, which loses nothing.</summary>
    public ChannelLoss? LastLoss(string channel) => null;

    public async ValueTask<ChannelHistory> ReadAsync(string channel, long after, int limit, CancellationToken cancellationToken)
    {
        var conversationId = IdOf(channel);
        // Before the entries: what is said meanwhile is not missing.
        var head = await _log.ReadHeadAsync(conversationId, cancellationToken);
        var entries = await _log.ReadAsync(conversationId, after, limit, cancellationToken);
        if (entries.Count == 0)
        {
            // What was said and is not there any more was cleared.
            return new ChannelHistory([], Math.Max(head, after) + 1);
        }

        var first = entries[0].Offset;
        return new ChannelHistory([.. entries.TakeWhile((entry, index) => entry.Offset == first + index).Select(entry => ToFrame(channel, entry))], first);
    }

    public async ValueTask<ChannelPosition> GetAsync(string channel, CancellationToken cancellationToken) =>
        new(Epoch, await _log.ReadHeadAsync(IdOf(channel), cancellationToken));

    public override void Dispose()
    {
        _signals.Heard -= OnHeard;
        _signals.Listening -= LookAtAll;
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        while (await _wake.Reader.WaitToReadAsync(stoppingToken))
        {
            _wake.Reader.TryRead(out _);
            foreach (var conversationId in TakeUnread())
            {
                try
                {
                    await PublishAsync(conversationId, stoppingToken);
                    failures = 0;
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    LogRetrying(e.GetType().Name);
                    Look(conversationId);
                    await Task.Delay(Backoff.Delay(failures++, FirstRetry, LongestRetry), _time, stoppingToken);
                }
            }
        }
    }

    private async Task PublishAsync(string conversationId, CancellationToken cancellationToken)
    {
        var channel = Channels.Conversation(conversationId);
        while (PublishedUpTo(conversationId) is { } published)
        {
            var entries = await _log.ReadAsync(conversationId, published, MaxRead, cancellationToken);
            if (entries.Count == 0)
            {
                return;
            }

            // Where something was cleared is a hole: the hub reads what is before it, and says what is missing.
            foreach (var entry in entries)
            {
                _publisher.Publish(ToFrame(channel, entry));
            }

            _publisher.EndRound();

            PublishedUpTo(conversationId, entries[^1].Offset);
        }
    }

    private long? PublishedUpTo(string conversationId)
    {
        lock (_gate)
        {
            return _watched.GetValueOrDefault(conversationId)?.Published;
        }
    }

    private void PublishedUpTo(string conversationId, long offset)
    {
        lock (_gate)
        {
            // Who began to watch meanwhile may know of a later place, and nobody of an earlier one.
            if (_watched.TryGetValue(conversationId, out var watched) && watched.Published < offset)
            {
                watched.Published = offset;
            }
        }
    }

    private List<string> TakeUnread()
    {
        lock (_gate)
        {
            List<string> unread = [.. _unread];
            _unread.Clear();
            return unread;
        }
    }

    private void OnHeard(string signal, string conversationId)
    {
        if (signal == PostgresSignals.Conversations)
        {
            Look(conversationId);
        }
    }

    private void LookAtAll()
    {
        lock (_gate)
        {
            _unread.UnionWith(_watched.Keys);
        }

        _wake.Writer.TryWrite(true);
    }

    private void Look(string conversationId)
    {
        lock (_gate)
        {
            if (!_watched.ContainsKey(conversationId))
            {
                return;
            }

            _unread.Add(conversationId);
        }

        _wake.Writer.TryWrite(true);
    }

    private static ChannelFrame ToFrame(string channel, ConversationLogEntry entry) => new(
        channel, entry.Offset, entry.Timestamp, entry.Message is { } message ? ToMessage(message) : entry.TaskStatus!);

    private static ConversationMessage ToMessage(MessageDetails message)
    {
        var isLong = message.Content.Length > MaxLiveLength;
        var length = isLong && char.IsHighSurrogate(message.Content[MaxLiveLength - 1]) ? MaxLiveLength - 1 : MaxLiveLength;
        return new ConversationMessage(
            message.MessageId,
            message.ConversationId,
            message.Role.Name(),
            isLong ? message.Content[..length] : message.Content,
            message.TaskId,
            message.CreatedAt,
            JsonElement.Parse(message.Metadata),
            isLong);
    }

    private static string IdOf(string channel) => Channels.TryGetConversationId(channel, out var conversationId)
        ? conversationId
        : throw new ArgumentException("The channel is not that of a conversation.", nameof(channel));

    [LoggerMessage(LogLevel.Warning, "What was said in a conversation cannot be read: {Error}; trying again")]
    private partial void LogRetrying(string error);

    /// <summary>A channel that somebody watches. Touched under the lock.</summary>
    private sealed class Watched
    {
        public int Users { get; set; }

        /// <summary>Up to where it was published; null before it is known where to begin.</summary>
        public long? Published { get; set; }
    }
}
