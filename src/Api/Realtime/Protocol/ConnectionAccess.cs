using GrooteDashboard.Api.Auth;
using GrooteDashboard.Api.Realtime.Sockets;
using GrooteDashboard.Application.Identity.Contracts;
using GrooteDashboard.Application.Identity.Ports;

namespace GrooteDashboard.Api.Realtime.Protocol;

/// <summary>Who a client is, what that lets it do, and until when. It is asked by the sweep: no timer per connection.</summary>
/// <param name="access">Who may do what.</param>
/// <param name="timeout">How long the client may take to say who it is.</param>
/// <param name="time">Time.</param>
internal sealed class ConnectionAccess(IAccessControl access, TimeSpan timeout, TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();

    // Read by the sweep, written by the connection's read loop.
    private volatile Principal? _principal;

    /// <summary>Who it is; null: it has not been let in yet.</summary>
    public Principal? Principal => _principal;

    /// <summary>How long the connection has been open.</summary>
    public TimeSpan Age => time.GetElapsedTime(_start);

    /// <summary>Whether the client has been let in.</summary>
    public bool IsGranted => _principal is not null;

    /// <summary>Whether the connection has to end: the client never said who it is, or what it said does not hold any more.</summary>
    public bool IsOver => _principal is { } principal ? !IsGood(principal) : time.GetElapsedTime(_start) >= timeout;

    /// <summary>Lets the client in, or in again as somebody else.</summary>
    /// <returns>Null; or the code to close with: its credentials are not good, or let nobody in here.</returns>
    public int? Grant(Principal? principal)
    {
        if (principal is null || !IsGood(principal))
        {
            return CloseCodes.Unauthenticated;
        }

        if (!Policies.IsSatisfiedBy(principal, Policies.Viewer))
        {
            return CloseCodes.Forbidden;
        }

        _principal = principal;
        return null;
    }

    /// <inheritdoc cref="Grant"/>
    public async ValueTask<int?> AuthenticateAsync(string? token, CancellationToken cancellationToken) =>
        Grant(await access.AuthenticateAsync(token, cancellationToken));

    public async ValueTask<bool> MayWatchAsync(string channel, CancellationToken cancellationToken) =>
        _principal is { } principal && await access.MayWatchAsync(principal, channel, cancellationToken);

    /// <summary>Whether the client satisfies one of <see cref="Policies"/>.</summary>
    public bool Satisfies(string policy) => _principal is { } principal && Policies.IsSatisfiedBy(principal, policy);

    private bool IsGood(Principal principal) => !(principal.ExpiresAt <= time.GetUtcNow()) && access.IsCurrent(principal);
}
