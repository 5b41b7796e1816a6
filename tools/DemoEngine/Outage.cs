namespace GrooteDashboard.DemoEngine;

/// <summary>Says once that a dependency is away, and once that it is back, however many callers notice.</summary>
internal sealed class Outage(string dependency, Log log)
{
    private int _away;

    public void Began(string reason)
    {
        if (Interlocked.Exchange(ref _away, 1) == 0)
            log.Write($"{dependency} is away ({reason}); waiting for it");
    }

    public void Ended()
    {
        if (Interlocked.Exchange(ref _away, 0) == 1)
            log.Write($"{dependency} is back");
    }
}
