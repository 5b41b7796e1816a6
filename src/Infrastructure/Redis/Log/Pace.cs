namespace GrooteDashboard.Infrastructure.Redis.Log;

/// <summary>Lets batches form: what comes after a quiet spell goes at once, everything else a moment after what went before it.</summary>
internal sealed class Pace(TimeSpan interval, TimeProvider time)
{
    private long? _last;

    /// <summary>Waits until the next batch may go.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        // Less than a millisecond no timer can do.
        if (_last is { } last && interval - time.GetElapsedTime(last) is var rest && rest >= TimeSpan.FromMilliseconds(1))
        {
            await Task.Delay(rest, time, cancellationToken);
        }

        _last = time.GetTimestamp();
    }
}
