using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Sockets;
using GrooteDashboard.Api.Realtime.Protocol;
using GrooteDashboard.Api.Realtime.Sockets;

namespace GrooteDashboard.Api.Realtime;

/// <summary>
/// One client. While it is idle there is a pending read and nothing else: what waits in its outbox is written by a pump, and heartbeats and deadlines
/// are looked after by the <see cref="ConnectionRegistry"/>.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "RunAsync disposes of the reader when it ends")]
internal sealed class Connection(
    ulong id, ITransport transport, Pump pump, ConnectionRegistry registry, RealtimeOptions options, RealtimeMetrics metrics, TimeProvider time)
{
    /// <summary>The transport is gone (<see cref="Advance"/>).</summary>
    public const int Gone = -1;

    private const int MaxMissedBeats = 2;

    /// <summary>What a slow client has to take before it counts as stalled.</summary>
    private const int SlowWriteBytes = 16 << 10;

    private static readonly byte[] Ping = FrameEncoder.Ping();

    private readonly FrameReader _reader = new(transport.Input);
    private readonly Outbox _outbox = new(options.OutboxBytes, metrics);
    private long _writingSince;
    private long _closingSince;
    private int _missedBeats;
    private int _closeCode;
    private SemaphoreSlim? _catchUpTurn;

    public string Id => id.ToString("x16", CultureInfo.InvariantCulture);

    /// <inheritdoc cref="ITransport.Socket"/>
    public Socket? Socket => transport.Socket;

    /// <summary>Where the registry keeps it; the registry's own.</summary>
    public int Place { get; set; } = -1;

    /// <summary>Channels that this client watches. Mostly one or two, at most a thousand: a list. Only its own read loop touches it.</summary>
    public List<ChannelSubscription> Subscriptions { get; } = new(1);

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

    /// <summary>Queues messages of a channel; never waits. False: the client has too much waiting already.</summary>
    /// <param name="frame">The messages.</param>
    /// <param name="hasStarted">Whether the caller has to hand the connection to a pump.</param>
    public bool TryOffer(in HubFrame frame, out bool hasStarted) => _outbox.TryOffer(frame, out hasStarted);

    /// <summary>Queues a message from history. False: there is no room for history now.</summary>
    public bool TryRefill(in HubFrame frame)
    {
        var hasRoom = _outbox.TryRefill(frame, out var startDrain);
        if (startDrain)
        {
            pump.Write(this);
        }

        return hasRoom;
    }

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
            pump.Write(this);
        }
    }

    /// <summary>Begins (or answers) the closing handshake, after all that waits.</summary>
    public void Close(int code, string reason)
    {
        if (Interlocked.CompareExchange(ref _closeCode, code, 0) == 0)
        {
            Volatile.Write(ref _closingSince, time.GetTimestamp());
            registry.LookAfter(this);
            if (_outbox.Complete(FrameEncoder.Close(code, reason)))
            {
                pump.Write(this);
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
    /// <param name="protocol">What it may say.</param>
    /// <param name="ended">Called at the end. Not awaited by somebody else, because whoever waits costs memory, too.</param>
    public async Task RunAsync(ClientProtocol protocol, Action<Connection> ended)
    {
        try
        {
            await protocol.GreetAsync();
            while (_reader.Take(await _reader.WaitAsync()) && await HandleAsync(protocol))
            {
            }
        }
        catch (ProtocolViolationException violation)
        {
            await EndAsync(violation);
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
            ended(this);
        }
    }

    /// <summary>Looks at the deadlines of what is under way, as of <paramref name="now"/>. False: nothing is.</summary>
    public bool IsUnderWay(long now)
    {
        EndIfOver();
        if (IsLate(ref _closingSince, now, options.CloseTimeout))
        {
            transport.Abort();
        }
        else if (IsLate(ref _writingSince, now, options.StallTimeout))
        {
            Cut(CloseCodes.TooSlow);
        }

        if (IsClosing || Volatile.Read(ref _writingSince) != 0 || !Access.IsGranted)
        {
            return true;
        }

        _outbox.Trim();
        return false;
    }

    /// <summary>Ends the connection of somebody who never said who it is, or who is not let in any more.</summary>
    public void EndIfOver()
    {
        if (!IsClosing && Access.IsOver)
        {
            Close(CloseCodes.Unauthenticated, "not signed in, or not any more");
        }
    }

    /// <summary>One heartbeat.</summary>
    public void Beat()
    {
        // What is slow to take data gets its ping late: that is for the stall deadline to judge.
        if (IsClosing || !_outbox.IsIdle)
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
            // What that took is given back.
            registry.LookAfter(this);
        }
    }

    /// <summary>What is to be written next. Empty: nothing waits any more. Only pumps ask, one at a time, and say with <see cref="Advance"/> what became of it.</summary>
    /// <param name="scratch">Where several that wait are joined.</param>
    public ReadOnlyMemory<byte> Next(byte[] scratch) => _outbox.Peek(scratch);

    /// <summary>Writes as much of it as the transport takes now, and returns what <see cref="Advance"/> is to be told.</summary>
    public int Write(ReadOnlyMemory<byte> next)
    {
        try
        {
            return transport.TryWrite(next.Span);
        }
        catch (Exception)
        {
            return Gone;
        }
    }

    /// <summary>So many bytes of what was next are written; 0: the transport takes nothing now, and is waited for; or <see cref="Gone"/>. True: there is more, for another turn.</summary>
    public bool Advance(int written, ref Sent sent)
    {
        switch (written)
        {
            case > 0:
                return _outbox.Advance(written, ref sent);
            case 0:
                _ = WaitAsync();
                return false;
            default:
                // The read loop learns it from its own read, and says how the connection ended.
                _outbox.Abandon();
                return false;
        }
    }

    /// <summary>Waits until the client takes something again.</summary>
    private async Task WaitAsync()
    {
        try
        {
            var first = _outbox.Peek([]);
            if (first.IsEmpty)
            {
                return;
            }

            Volatile.Write(ref _writingSince, time.GetTimestamp());
            registry.LookAfter(this);
            var written = await transport.WriteAsync(first[..Math.Min(first.Length, SlowWriteBytes)]);
            Volatile.Write(ref _writingSince, 0);

            var sent = default(Sent);
            if (_outbox.Advance(written, ref sent))
            {
                pump.Write(this);
            }

            metrics.Sent(sent);
        }
        catch (Exception)
        {
            _outbox.Abandon();
        }
    }

    /// <summary>Handles what has come. False: the client has closed, and its answer is on the way.</summary>
    private async ValueTask<bool> HandleAsync(ClientProtocol protocol)
    {
        while (_reader.TryRead(out var frame))
        {
            Volatile.Write(ref _missedBeats, 0);
            if (frame.Opcode == Opcode.Close)
            {
                var (code, reason) = CloseFrame.Read(frame.Payload.Span);
                Close(code, reason);
                await _outbox.Drained;
                return false;
            }

            if (!IsClosing)
            {
                await protocol.HandleAsync(frame);
            }
        }

        return true;
    }

    private async Task EndAsync(ProtocolViolationException violation)
    {
        if (violation.CloseCode == CloseCodes.MessageTooBig)
        {
            Send(ServerMessages.Error(ErrorCodes.TooLarge, violation.Message));
        }

        Close(violation.CloseCode, violation.Message);
        try
        {
            await _reader.DiscardAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The peer did not wait for our last words.
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
