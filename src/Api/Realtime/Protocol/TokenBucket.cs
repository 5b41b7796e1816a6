namespace GrooteDashboard.Api.Realtime.Protocol;

/// <summary>
/// Lets so many (frames, or bytes) per second pass in the long run, and a burst after a quiet spell. What is refused counts as well.
/// Who asks brings the limits: there are two of these for each connection.
/// </summary>
internal struct TokenBucket(int burst, TimeProvider time)
{
    private double _tokens = burst;
    private long _last = time.GetTimestamp();

    /// <summary>Whether so much more than allowed came, for so long, that it is not a mistake: ten seconds' worth.</summary>
    public readonly bool IsAbused(int rate) => _tokens < -10.0 * rate;

    public bool TryTake(int amount, int rate, int burst, TimeProvider time)
    {
        var now = time.GetTimestamp();
        _tokens = Math.Min(burst, _tokens + (time.GetElapsedTime(_last, now).TotalSeconds * rate)) - amount;
        _last = now;
        return _tokens >= 0;
    }
}
