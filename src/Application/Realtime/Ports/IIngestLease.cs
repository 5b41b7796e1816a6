namespace GrooteDashboard.Application.Realtime.Ports;

/// <summary>The right to take in what the producers publish: one process at a time holds it.</summary>
public interface IIngestLease
{
    /// <summary>Waits until this process holds the lease. Disposing what is returned gives it back.</summary>
    /// <exception cref="OperationCanceledException">Cancelled while waiting; the lease is not held.</exception>
    Task<IHeldIngestLease> AcquireAsync(CancellationToken cancellationToken);
}

/// <summary>The lease while it is held.</summary>
public interface IHeldIngestLease : IAsyncDisposable
{
    /// <summary>Cancelled when the lease is lost: another process may hold it from then on.</summary>
    CancellationToken Lost { get; }
}
