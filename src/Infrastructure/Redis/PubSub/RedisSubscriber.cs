using System.Buffers;
using System.Diagnostics;
using System.Text;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Infrastructure.Redis.Resp;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace GrooteDashboard.Infrastructure.Redis.PubSub;

/// <summary>Takes a message in. It runs on the thread that reads, one message at a time in the order of Redis, and must not wait.</summary>
internal delegate void MessageHandler(string channel, byte[] message);

/// <summary>
/// The connection that listens (docs/adr/0013-subscriber.md). A thread of its own reads it: at once after a quiet spell, else in rounds, so that many messages are one
/// wake-up. It comes back by itself, and subscribes what was subscribed.
/// </summary>
internal sealed partial class RedisSubscriber : IDisposable
{
    /// <summary>
    /// After a look that followed the one before within this time, it waits for so long, for what else comes; longer where more messages come per millisecond
    /// lately, this server's own notices of what it appends among them. Every step on their way costs by the round, not by the message, mostly for waking who
    /// takes the next one.
    /// </summary>
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(2);

    private static readonly (double MessagesPerMillisecond, TimeSpan Round)[] LongerRounds = [(1.8, TimeSpan.FromMilliseconds(13)), (0.8, TimeSpan.FromMilliseconds(4))];

    /// <summary>How much of what is known of them each look forgets; and the longest silence that is remembered, in milliseconds.</summary>
    private const double Forgotten = 1.0 / 8;
    private const double LongestSilence = 20;

    /// <summary>Redis answers a PING every second (see <see cref="RedisConnection"/>), or the connection is dead.</summary>
    private static readonly TimeSpan MaxSilence = TimeSpan.FromSeconds(30);

    private const int BufferSize = 64 << 10;

    private readonly ConfigurationOptions _configuration;
    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<RedisSubscriber> _logger;
    private readonly CancellationTokenSource _disposing = new();
    private readonly Lazy<Thread> _thread;

    // Guards what follows, and the writing: what is awaited is answered in the order in which it was asked.
    private readonly Lock _gate = new();
    private readonly Dictionary<Subscription, MessageHandler> _handlers = [];
    private readonly Queue<Awaited> _awaited = new();
    private Stream? _stream;

    // Of the thread that reads: how often there was no connection of use.
    private int _failures;

    public RedisSubscriber(ConfigurationOptions configuration, IOptions<RedisOptions> options, TimeProvider time, ILogger<RedisSubscriber> logger)
    {
        _configuration = configuration;
        _options = options.Value;
        _time = time;
        _logger = logger;
        _thread = new Lazy<Thread>(() =>
        {
            var thread = new Thread(Run) { IsBackground = true, Name = "redis-subscriber" };
            thread.Start();
            return thread;
        });
    }

    /// <summary>There is a connection, for the first time or again. It runs on the thread that reads, before anything that comes on that connection.</summary>
    public event Action? Connected;

    /// <summary>The messages of a look have all been taken in. It runs on the thread that reads.</summary>
    public event Action? Looked;

    /// <summary>Hears a channel from now on, also after interruptions and when this fails. Completes when Redis has answered.</summary>
    /// <inheritdoc cref="AskAsync" path="/exception"/>
    public Task SubscribeAsync(string channel, MessageHandler handler) => SubscribeAsync(new Subscription(channel, IsPattern: false), handler);

    /// <summary>Hears all channels of a pattern.</summary>
    /// <inheritdoc cref="SubscribeAsync(string, MessageHandler)" />
    public Task SubscribePatternAsync(string pattern, MessageHandler handler) => SubscribeAsync(new Subscription(pattern, IsPattern: true), handler);

    public Task UnsubscribeAsync(string channel) => UnsubscribeAsync(new Subscription(channel, IsPattern: false));

    public Task UnsubscribePatternAsync(string pattern) => UnsubscribeAsync(new Subscription(pattern, IsPattern: true));

    /// <summary>Completes when Redis has answered, and with that everything that was asked before.</summary>
    /// <inheritdoc cref="AskAsync" path="/exception"/>
    public Task PingAsync()
    {
        lock (_gate)
        {
            return AskAsync("PING");
        }
    }

    public void Dispose()
    {
        if (_disposing.IsCancellationRequested)
        {
            return;
        }

        _disposing.Cancel();
        lock (_gate)
        {
            _stream?.Dispose();
        }

        if (_thread.IsValueCreated && _thread.Value != Thread.CurrentThread)
        {
            _thread.Value.Join(_options.CommandTimeout);
        }
    }

    private Task SubscribeAsync(Subscription subscription, MessageHandler handler)
    {
        lock (_gate)
        {
            _handlers[subscription] = handler;
            return AskAsync(subscription.Command, subscription.Name);
        }
    }

    private Task UnsubscribeAsync(Subscription subscription)
    {
        lock (_gate)
        {
            return _handlers.Remove(subscription) ? AskAsync(subscription.IsPattern ? "PUNSUBSCRIBE" : "UNSUBSCRIBE", subscription.Name) : Task.CompletedTask;
        }
    }

    /// <exception cref="TimeoutException">Redis did not answer in time.</exception>
    /// <exception cref="IOException">There is no connection, or it went away, or Redis refuses.</exception>
    private Task AskAsync(params string[] command)
    {
        _ = _thread.Value;
        if (_stream is null)
        {
            return Task.FromException(NotConnected());
        }

        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            Send(_stream, new Awaited(answer, IsNeeded: false), command);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Half a command may have gone out: the thread that reads finds the stream closed, and begins again.
            _stream.Dispose();
        }

        return answer.Task.WaitAsync(_options.CommandTimeout, _time);
    }

    private void Send(Stream stream, Awaited awaited, params ReadOnlySpan<object> command)
    {
        var bytes = new ArrayBufferWriter<byte>();
        bytes.WriteCommand(command);
        _awaited.Enqueue(awaited);
        stream.Write(bytes.WrittenSpan);
    }

    private void Run()
    {
        for (; !_disposing.IsCancellationRequested; _failures++)
        {
            try
            {
                var endPoint = _configuration.EndPoints[_failures % _configuration.EndPoints.Count];
                using var stream = RespStream.Open(_configuration, endPoint, _options.CommandTimeout, MaxSilence, _disposing.Token);
                Begin(stream);
                Read(stream);
            }
            catch (Exception e)
            {
                LogAway(e.GetType().Name);
            }

            End();
            _disposing.Token.WaitHandle.WaitOne(Backoff.Delay(_failures, _options.RetryDelay, _options.MaxRetryDelay));
        }
    }

    private void Begin(Stream stream)
    {
        Connected?.Invoke();
        lock (_gate)
        {
            // A password that is not needed is no harm; without one that is, what follows is refused.
            if (_configuration.Password is { Length: > 0 } password)
            {
                Send(stream, default, "AUTH", password);
            }

            Send(stream, default, "CLIENT", "SETNAME", "groote-dashboard-subscriber");
            foreach (var subscription in _handlers.Keys)
            {
                Send(stream, new Awaited(null, IsNeeded: true), subscription.Command, subscription.Name);
            }

            _stream = stream;
        }
    }

    private void Read(Stream stream)
    {
        var reader = new RespReader();
        var buffer = new byte[BufferSize];
        var filled = 0;
        var (messagesLately, millisecondsLately) = (0.0, LongestSilence);
        for (var last = 0L; ;)
        {
            var read = stream.Read(buffer, filled, buffer.Length - filled);
            if (read == 0)
            {
                throw new EndOfStreamException();
            }

            var woke = Stopwatch.GetTimestamp();
            filled += read;
            var isFull = filled == buffer.Length;
            var (taken, messages) = (0, 0);
            while (taken < filled && reader.TryRead(buffer.AsMemory(taken, filled - taken)))
            {
                Take(reader);
                taken += reader.Length;
                messages++;
            }

            Looked?.Invoke();
            var sinceLast = Stopwatch.GetElapsedTime(last, woke);
            messagesLately += messages - (messagesLately * Forgotten);
            millisecondsLately += Math.Min(sinceLast.TotalMilliseconds, LongestSilence) - (millisecondsLately * Forgotten);
            filled -= taken;
            var rest = buffer.AsSpan(taken, filled);
            // Grows by what comes, not by what is announced; and is not kept for one large message.
            var size = filled == 0 ? BufferSize : Math.Max(buffer.Length, Math.Min(reader.Length, 2 * filled));
            var next = size == buffer.Length ? buffer : new byte[size];
            rest.CopyTo(next);
            buffer = next;
            if (!isFull)
            {
                _disposing.Token.WaitHandle.WaitOne(RestAfter(messagesLately / millisecondsLately, sinceLast));
            }

            last = woke;
        }
    }

    private static TimeSpan RestAfter(double messagesPerMillisecond, TimeSpan sinceLast)
    {
        foreach (var (many, round) in LongerRounds)
        {
            if (messagesPerMillisecond >= many)
            {
                return round;
            }
        }

        return sinceLast < Round ? Round : TimeSpan.Zero;
    }

    private void Take(RespReader reply)
    {
        var parts = reply.Parts;
        if (parts.Length == 3 && parts[0].Span.SequenceEqual("message"u8))
        {
            Deliver(new Subscription(Encoding.UTF8.GetString(parts[1].Span), IsPattern: false), parts[1], parts[2]);
        }
        else if (parts.Length == 4 && parts[0].Span.SequenceEqual("pmessage"u8))
        {
            Deliver(new Subscription(Encoding.UTF8.GetString(parts[1].Span), IsPattern: true), parts[2], parts[3]);
        }
        else
        {
            Answer(reply);
        }
    }

    private void Deliver(Subscription subscription, ReadOnlyMemory<byte> channel, ReadOnlyMemory<byte> message)
    {
        MessageHandler? handler;
        lock (_gate)
        {
            handler = _handlers.GetValueOrDefault(subscription);
        }

        try
        {
            handler?.Invoke(subscription.IsPattern ? Encoding.UTF8.GetString(channel.Span) : subscription.Name, message.ToArray());
        }
        catch (Exception e)
        {
            // The others are not to be deaf because of one.
            LogNotTaken(subscription.Name, e);
        }
    }

    private void Answer(RespReader reply)
    {
        Awaited awaited;
        lock (_gate)
        {
            if (!_awaited.TryDequeue(out awaited))
            {
                throw new InvalidDataException("Redis answered what was not asked.");
            }
        }

        if (!reply.IsError)
        {
            // One that refuses is no better than one that is away.
            _failures = awaited == default ? _failures : 0;
            awaited.Answer?.TrySetResult();
            return;
        }

        var refused = new IOException("Redis refuses: " + Encoding.UTF8.GetString(reply.Parts[0].Span));
        Fail(awaited.Answer, refused);
        if (awaited.IsNeeded)
        {
            throw refused;
        }
    }

    private void End()
    {
        lock (_gate)
        {
            _stream = null;
            while (_awaited.TryDequeue(out var awaited))
            {
                Fail(awaited.Answer, NotConnected());
            }
        }
    }

    private static void Fail(TaskCompletionSource? answer, Exception exception)
    {
        answer?.TrySetException(exception);
        // Whoever asked may have given up: then nobody looks at it.
        _ = answer?.Task.Exception;
    }

    private static IOException NotConnected() => new("There is no connection to Redis that listens.");

    [LoggerMessage(LogLevel.Debug, "The connection that listens is away: {Error}")]
    private partial void LogAway(string error);

    [LoggerMessage(LogLevel.Error, "A message of {Subscription} could not be taken")]
    private partial void LogNotTaken(string subscription, Exception exception);

    private readonly record struct Subscription(string Name, bool IsPattern)
    {
        public string Command => IsPattern ? "PSUBSCRIBE" : "SUBSCRIBE";
    }

    /// <param name="Answer">Who waits for it, if anybody.</param>
    /// <param name="IsNeeded">Without it the connection is worth nothing.</param>
    private readonly record struct Awaited(TaskCompletionSource? Answer, bool IsNeeded);
}
