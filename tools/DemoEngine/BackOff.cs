namespace GrooteDashboard.DemoEngine;

/// <summary>Waits 0.25 s, then twice as long each time, up to 5 s.</summary>
internal sealed class BackOff
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private TimeSpan _next = TimeSpan.FromMilliseconds(250);

    public Task WaitAsync(CancellationToken cancellationToken)
    {
        var delay = _next;
        _next = _next * 2 < Longest ? _next * 2 : Longest;
        return Task.Delay(delay, cancellationToken);
    }
}
