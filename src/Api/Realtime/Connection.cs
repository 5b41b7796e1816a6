using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using GrooteDashboard.Api.Realtime.Protocol;
using GrooteDashboard.Api.Realtime.Sockets;

namespace GrooteDashboard.Api.Realtime;

/// <summary>What a connection needs of the transport below it.</summary>
/// <param name="Input">The upgraded stream.</param>
/// <param name="Output">The transport's own pipe: frames are joined in its memory and leave together, under TLS as well.</param>
/// <param name="Abort">Ends the transport at once, at any time.</param>
internal sealed record Transport(Stream Input, PipeWriter Output, Action Abort);

/// <summary>
/// One client. While it is idle there is a pending read and nothing else: a drain of the outbox runs only as long as there is something to send,
/// and all deadlines are looked after by <see cref="ConnectionSweeper"/>.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "RunAsync disposes of the reader when it ends")]
internal sealed class Connection(string id, Transport transport, RealtimeOptions options, RealtimeMetrics metrics, TimeProvider time)
    : IThreadPoolWorkItem
{
    private const int MaxMissedBeats = 2;

    private static readonly byte[] Ping = FrameEncoder.Ping();

    private readonly FrameReader _reader = new(transport.Input);
    private readonly Outbox _outbox = new(options.OutboxBytes, metrics);
    private long _lastBeat = time.GetTimestamp();
    private long _writingSince;
    private long _closingSince;
    private int _missedBeats;
    private int _closeCode;
    private SemaphoreSlim? _catchUpTurn;

    public string Id { get; } = id;

    /// <summary>Channels that this client watches. Only its own read loop touches it.</summary>
    public Dictionary<string, ChannelSubscription> Subscriptions { get; } = new(StringComparer.Ordinal);

    /// <summary>Who the client is, and what it may do.</summary>
    public required ConnectionAccess Access { get; init; }

    /// <summary>Whether the client takes compressed frames (see <see cref="FrameEncoder.Deflate"/>), and may send them.</summary>
    public bool IsCompressed
    {
        get => _reader.IsCompressed;
        init => _reader.IsCompressed = value;
    }

    /// <summary>How the connection ended, 0 while it is open.</summary>
    public int CloseCode => Volatile.Read(ref _closeCode);

    private bool IsClosing => CloseCode != 0;

    /// <summary>Held by the one subscription that may catch up now.</summary>
    public SemaphoreSlim CatchUpTurn => LazyInitializer.EnsureInitialized(ref _catchUpTurn, () => new SemaphoreSlim(1, 1));

    /// <summary>Queues a message of a channel; never waits. False: the client has too much waiting already.</summary>
    public bool TryOffer(in HubFrame frame) => Started(_outbox.TryOffer(frame, out var startDrain), startDrain);

    /// <summary>Queues a message from history. False: there is no room for history now.</summary>
    public bool TryRefill(in HubFrame frame) => Started(_outbox.TryRefill(frame, out var startDrain), startDrain);

    /// <inheritdoc cref="Outbox.WaitForRoomAsync"/>
    public Task<bool> WaitForRoomAsync() => _outbox.WaitForRoomAsync();

    /// <summary>Queues an answer; a client that does not read even those is cut.</summary>
    public void Send(byte[] frame)
    {
        if (!_outbox.TryReply(frame, out var startDrain))
        {
            Cut(CloseCodes.TooSlow);
        }
        else if (startDrain)
        {
            StartDrain();
        }
    }

    /// <summary>Begins (or answers) the closing handshake, after all that waits.</summary>
    public void Close(int code, string reason)
    {
        if (Interlocked.CompareExchange(ref _closeCode, code, 0) == 0)
        {
            Volatile.Write(ref _closingSince, time.GetTimestamp());
            if (_outbox.Complete(FrameEncoder.Close(code, reason)))
            {
                StartDrain();
            }
        }
    }

    /// <summary>The server goes away: the client is told when to come back.</summary>
    public void Dismiss(byte[] draining)
    {
        Send(draining);
        Close(CloseCodes.GoingAway, "going away");
    }

    /// <summary>Ends the connection without a word.</summary>
    public void Abort() => transport.Abort();

    /// <summary>Lets the client speak until one side closes. Whatever happens, afterwards nothing of the connection is left running.</summary>
    public async Task RunAsync(ClientProtocol protocol)
    {
        try
        {
            await protocol.GreetAsync();
            await ReceiveAsync(protocol);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The peer is gone, or was cut.
        }
        finally
        {
            Interlocked.CompareExchange(ref _closeCode, CloseCodes.Abnormal, 0);
            _outbox.Discard();
            if (!_outbox.Drained.IsCompleted)
            {
                transport.Abort();
                await _outbox.Drained;
            }

            _reader.Dispose();
        }
    }

    /// <summary>Deadlines and heartbeat, as of <paramref name="now"/>.</summary>
    public void Sweep(long now)
    {
        if (IsLate(ref _closingSince, now, options.CloseTimeout))
        {
            transport.Abort();
        }
        else if (IsLate(ref _writingSince, now, options.StallTimeout))
        {
            Cut(CloseCodes.TooSlow);
        }
        else if (!IsClosing && Access.IsOver)
        {
            Close(CloseCodes.Unauthenticated, "not signed in, or not any more");
        }
        else if (!IsClosing && IsLate(ref _lastBeat, now, options.HeartbeatInterval))
        {
            _lastBeat = now;
            Beat();
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = DrainAsync();

    private bool Started(bool isQueued, bool startDrain)
    {
        if (startDrain)
        {
            StartDrain();
        }

        return isQueued;
    }

    private void StartDrain() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    /// <summary>One write at a time, each of as many frames as fit, until nothing waits.</summary>
    private async Task DrainAsync()
    {
        try
        {
            while (_outbox.TryTake(transport.Output, out var batch))
            {
                Volatile.Write(ref _writingSince, time.GetTimestamp());
                var flushed = await transport.Output.FlushAsync();
                Volatile.Write(ref _writingSince, 0);
                metrics.Sent(batch);
                if (flushed.IsCompleted)
                {
                    _outbox.Discard();
                }
            }
        }
        catch (Exception)
        {
            // The transport is gone. The read loop learns it from its own read, and says how the connection ended.
            _outbox.Abandon();
        }
    }

    private async Task ReceiveAsync(ClientProtocol protocol)
    {
        try
        {
            while (await _reader.ReadAsync() is { } frame)
            {
                Volatile.Write(ref _missedBeats, 0);
                if (frame.Opcode == Opcode.Close)
                {
                    var (code, reason) = CloseFrame.Read(frame.Payload.Span);
                    Close(code, reason);
                    await _outbox.Drained;
                    return;
                }

                if (!IsClosing)
                {
                    await protocol.HandleAsync(frame);
                }
            }
        }
        catch (ProtocolViolationException violation)
        {
            if (violation.CloseCode == CloseCodes.MessageTooBig)
            {
                Send(ServerMessages.Error(ErrorCodes.TooLarge, violation.Message));
            }

            Close(violation.CloseCode, violation.Message);
            await _reader.DiscardAsync();
        }
    }

    private void Beat()
    {
        // What is slow to take data gets its ping late: that is for the stall deadline to judge.
        if (!_outbox.IsIdle)
        {
            return;
        }

        if (Interlocked.Increment(ref _missedBeats) > MaxMissedBeats)
        {
            Close(CloseCodes.NoPong, "no pong");
        }
        else
        {
            Send(Ping);
        }
    }

    private void Cut(int code)
    {
        Interlocked.CompareExchange(ref _closeCode, code, 0);
        transport.Abort();
    }

    private bool IsLate(ref long since, long now, TimeSpan limit)
    {
        var start = Volatile.Read(ref since);
        return start != 0 && time.GetElapsedTime(start, now) >= limit;
    }
}
