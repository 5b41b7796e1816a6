using System.Diagnostics;
using System.Runtime.InteropServices;
using GrooteDashboard.Api.Realtime.Sockets;

namespace GrooteDashboard.Api.Realtime;

/// <summary>
/// A thread that hands out what channels have collected, and writes to connections. Nothing on it waits for a client: what a socket does not
/// take at once, its connection waits for by itself, and comes back.
/// </summary>
internal sealed partial class Pump
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    /// <summary>The weight of the last round in what is known of the cost of a write; and what it is believed to be at least and at most.</summary>
    private const double Recent = 1.0 / 16;
    private static readonly double CheapWrite = Stopwatch.Frequency * 2e-6;
    private static readonly double DearWrite = Stopwatch.Frequency * 16e-6;

    private readonly Fanout _fanout;
    private readonly RealtimeMetrics _metrics;
    private readonly ILogger _logger;
    private readonly byte[] _scratch;

    // Guarded by _gate: what others have put here.
    private readonly object _gate = new();
    private readonly PriorityQueue<HubChannel, long> _due = new();
    private readonly HashSet<HubChannel> _withRound = [];
    private List<Connection> _ready = [];
    private bool _isStopping;

    // This thread's own.
    private readonly List<HubChannel> _channels = [];
    private readonly List<Connection> _started = [];
    private readonly List<Connection> _inRing = [];
    private readonly List<Connection> _more = [];
    private List<Connection> _round = [];
    private SendRing? _ring;
    private Sent _sent;
    private double _writeCost = (CheapWrite + DearWrite) / 2;

    /// <summary>Starts it.</summary>
    /// <param name="fanout">Has the others, too.</param>
    /// <param name="name">Of its thread.</param>
    /// <param name="ring">Its own, by which it writes to sockets. Null: with one call each.</param>
    /// <param name="metrics">Get what was written.</param>
    /// <param name="logger">Gets what went wrong.</param>
    public Pump(Fanout fanout, string name, SendRing? ring, RealtimeMetrics metrics, ILogger logger)
    {
        (_fanout, _ring, _metrics, _logger) = (fanout, ring, metrics, logger);
        _scratch = ring?.Scratch ?? GC.AllocateUninitializedArray<byte>(Outbox.MaxJoinedBytes);
        new Thread(Run) { IsBackground = true, Name = name }.Start();
    }

    /// <summary>What a write to a connection costs lately, in ticks of timestamps: it is the machine's, and its load's.</summary>
    public double WriteCost => Volatile.Read(ref _writeCost);

    /// <summary>Lets a channel hand out at a moment (a timestamp), or at once if that is past.</summary>
    public void Schedule(HubChannel channel, long due)
    {
        lock (_gate)
        {
            Enqueue(channel, due);
        }
    }

    /// <summary>Lets a channel hand out at the end of the round of messages that is coming in (<see cref="EndRound"/>), or when it is looked at anyway.</summary>
    /// <param name="channel">Has begun to collect.</param>
    /// <param name="latest">When, if neither is to come.</param>
    public void ScheduleWithRound(HubChannel channel, long latest)
    {
        lock (_gate)
        {
            _withRound.Add(channel);
            if (channel.Due == long.MaxValue)
            {
                Enqueue(channel, latest);
            }
        }
    }

    /// <summary>A round of messages has come.</summary>
    public void EndRound()
    {
        lock (_gate)
        {
            foreach (var channel in _withRound)
            {
                Enqueue(channel, due: 0);
            }

            _withRound.Clear();
        }
    }

    /// <summary>Lets connections write that have something waiting. Each is to be given once until it has written all.</summary>
    public void Write(params ReadOnlySpan<Connection> connections)
    {
        lock (_gate)
        {
            _ready.AddRange(connections);
            Monitor.Pulse(_gate);
        }
    }

    public void Stop()
    {
        lock (_gate)
        {
            _isStopping = true;
            Monitor.Pulse(_gate);
        }
    }

    private void Run()
    {
        while (TryWait())
        {
            foreach (var channel in _channels)
            {
                HandOut(channel);
            }

            _fanout.Share(_started, this);
            _round.AddRange(_started);
            _channels.Clear();
            _started.Clear();
            WriteRound();
        }

        _ring?.Dispose();
    }

    /// <summary>Waits for work and takes it. False: there will be none.</summary>
    private bool TryWait()
    {
        lock (_gate)
        {
            while (!_isStopping)
            {
                var wait = TakeDue();
                (_ready, _round) = (_round, _ready);
                if (_channels.Count > 0 || _round.Count > 0)
                {
                    return true;
                }

                Monitor.Wait(_gate, wait);
            }

            return false;
        }
    }

    /// <summary>Takes the channels that are due; returns how long until the next one is.</summary>
    private TimeSpan TakeDue()
    {
        var now = Stopwatch.GetTimestamp();
        while (_due.TryPeek(out var channel, out var due))
        {
            if (due != channel.Due)
            {
                // It has had its turn since.
                _due.Dequeue();
                continue;
            }

            if (due > now)
            {
                var wait = Stopwatch.GetElapsedTime(now, due);
                return wait > ShortestWait ? wait : ShortestWait;
            }

            _due.Dequeue();
            channel.Due = long.MaxValue;
            _withRound.Remove(channel);
            _channels.Add(channel);
        }

        return Timeout.InfiniteTimeSpan;
    }

    private void Enqueue(HubChannel channel, long due)
    {
        if (due >= channel.Due)
        {
            return;
        }

        channel.Due = due;
        var isSooner = !_due.TryPeek(out _, out var first) || due < first;
        _due.Enqueue(channel, due);
        if (isSooner)
        {
            Monitor.Pulse(_gate);
        }
    }

    private void HandOut(HubChannel channel)
    {
        try
        {
            channel.HandOut(_started);
        }
        catch (Exception e)
        {
            // One channel must not end the thread that all others need.
            LogHandOutFailed(_logger, e, channel.Name);
        }
    }

    /// <summary>One write each; who has more takes another turn, after the others.</summary>
    private void WriteRound()
    {
        if (_round.Count == 0)
        {
            return;
        }

        var started = Stopwatch.GetTimestamp();
        foreach (var connection in _round)
        {
            Write(connection);
        }

        SendRing();
        var cost = Math.Clamp((Stopwatch.GetTimestamp() - started) / (double)_round.Count, CheapWrite, DearWrite);
        Volatile.Write(ref _writeCost, _writeCost + ((cost - _writeCost) * Recent));
        _round.Clear();
        if (_more.Count > 0)
        {
            Write(CollectionsMarshal.AsSpan(_more));
            _more.Clear();
        }

        _metrics.Sent(_sent);
        _sent = default;
    }

    private void Write(Connection connection)
    {
        var next = connection.Next(_scratch);
        if (next.IsEmpty)
        {
            return;
        }

        if (_ring is null || connection.Socket is not { } socket)
        {
            Written(connection, connection.Write(next));
        }
        else if (!_ring.TryAdd(socket, next))
        {
            Written(connection, Connection.Gone);
        }
        else
        {
            _inRing.Add(connection);
            if (_ring.IsFull)
            {
                SendRing();
            }
        }
    }

    private void SendRing()
    {
        if (_inRing.Count == 0)
        {
            return;
        }

        try
        {
            var written = _ring!.Send();
            for (var i = 0; i < written.Length; i++)
            {
                Written(_inRing[i], written[i]);
            }
        }
        catch (IOException e)
        {
            // Their clients come back, and continue where they were.
            LogRingFailed(_logger, e);
            _inRing.ForEach(connection => connection.Abort());
            _inRing.ForEach(connection => Written(connection, Connection.Gone));
            _ring!.Dispose();
            _ring = null;
        }

        _inRing.Clear();
    }

    private void Written(Connection connection, int bytes)
    {
        if (connection.Advance(bytes, ref _sent))
        {
            _more.Add(connection);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "io_uring failed: from now on there is a system call for each write")]
    private static partial void LogRingFailed(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "What channel {Channel} has collected could not be handed out")]
    private static partial void LogHandOutFailed(ILogger logger, Exception exception, string channel);
}
