namespace GrooteDashboard.DemoEngine;

/// <summary>
/// Two moments of the end: <see cref="Stopping"/> ends the work, and <see cref="Deadline"/>, a little later,
/// ends the reports about it, so that running tasks can still be reported as cancelled.
/// </summary>
internal sealed class Lifetime : IDisposable
{
    private static readonly TimeSpan TimeToReport = TimeSpan.FromSeconds(1.4);

    private readonly CancellationTokenSource _deadline = new();
    private readonly CancellationTokenRegistration _registration;

    public Lifetime(CancellationToken stopping)
    {
        Stopping = stopping;
        _registration = stopping.Register(() => _deadline.CancelAfter(TimeToReport));
    }

    public CancellationToken Stopping { get; }

    public CancellationToken Deadline => _deadline.Token;

    public void Dispose()
    {
        _registration.Dispose();
        _deadline.Dispose();
    }
}
