using System.Runtime.InteropServices;
using GrooteDashboard.Api.Realtime.Sockets;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.Api.Realtime;

/// <summary>The pumps: one for each core. A large audience is divided between them, a small one is not worth waking a second thread.</summary>
internal sealed partial class Fanout : IDisposable
{
    /// <summary>Connections that one pump writes to while others rest: a millisecond, about. To wake another for less costs more than it gains.</summary>
    private const int ShareSize = 256;

    private readonly Pump[] _pumps;
    private int _next;

    public Fanout(IOptions<RealtimeOptions> options, RealtimeMetrics metrics, ILogger<Fanout> logger)
    {
        var rings = Enumerable.Range(1, Environment.ProcessorCount).Select(_ => options.Value.IoUring ? SendRing.TryCreate() : null).ToArray();
        _pumps = [.. rings.Select((ring, i) => new Pump(this, $"fan-out {i + 1}", ring, metrics, logger))];
        var inUse = rings.Count(ring => ring is not null);
        LogRings(logger, inUse, _pumps.Length);
    }

    /// <summary>The pump of the next channel or connection.</summary>
    public Pump Next() => _pumps[(uint)Interlocked.Increment(ref _next) % _pumps.Length];

    /// <summary>Lets the channels hand out that wait for the end of a round of messages.</summary>
    public void EndRound()
    {
        foreach (var pump in _pumps)
        {
            pump.EndRound();
        }
    }

    /// <summary>Gives the other pumps their parts of these connections, and leaves <paramref name="own"/> pump its own.</summary>
    public void Share(List<Connection> connections, Pump own)
    {
        var share = Math.Max(ShareSize, (connections.Count + _pumps.Length - 1) / _pumps.Length);
        foreach (var pump in _pumps)
        {
            if (connections.Count > share && pump != own)
            {
                var kept = Math.Max(share, connections.Count - share);
                pump.Write(CollectionsMarshal.AsSpan(connections)[kept..]);
                connections.RemoveRange(kept, connections.Count - kept);
            }
        }
    }

    public void Dispose()
    {
        foreach (var pump in _pumps)
        {
            pump.Stop();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Rings} of {Pumps} fan-out threads write by io_uring, the others with a system call for each client")]
    private static partial void LogRings(ILogger logger, int rings, int pumps);
}
