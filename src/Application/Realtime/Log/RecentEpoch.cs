using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ports;

namespace GrooteDashboard.Application.Realtime.Log;

/// <summary>
/// The epoch of the channels, at most a second old: it changes hardly ever, and asking for it is a round trip for every reader of a task. Whoever subscribes
/// with one that has ended meanwhile is told so, and begins again.
/// </summary>
internal sealed class RecentEpoch(IChannelPositions positions, TimeProvider time)
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    private Reading? _last;

    public async ValueTask<string> GetAsync(CancellationToken cancellationToken)
    {
        if (_last is { } last && time.GetElapsedTime(last.At) < MaxAge)
        {
            return last.Epoch;
        }

        var at = time.GetTimestamp();
        var (epoch, _) = await positions.GetAsync(Channels.Tasks, cancellationToken);
        _last = new Reading(at, epoch);
        return epoch;
    }

    private sealed record Reading(long At, string Epoch);
}
