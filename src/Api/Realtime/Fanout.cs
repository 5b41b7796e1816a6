using System.Runtime.InteropServices;

namespace GrooteDashboard.Api.Realtime;

/// <summary>The pumps: one for each core. A large audience is divided between them, a small one is not worth waking a second thread.</summary>
internal sealed class Fanout : IDisposable
{
    /// <summary>Connections that one pump writes to while others rest: a tenth of a millisecond, about.</summary>
    private const int ShareSize = 16;

    private readonly Pump[] _pumps;
    private int _next;

    public Fanout(RealtimeMetrics metrics, ILogger<Fanout> logger) =>
        _pumps = [.. Enumerable.Range(1, Environment.ProcessorCount).Select(number => new Pump(this, $"fan-out {number}", metrics, logger))];

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
}
