using GrooteDashboard.Application.Identity.Contracts;

namespace GrooteDashboard.Application.Identity.Ports;

/// <summary>Who is who, and who may do what. Each mode of signing in is one implementation.</summary>
public interface IAccessControl
{
    /// <summary>Whose token this is; null: it is nobody's, or not good any more.</summary>
    /// <param name="token">What was shown; null: nothing was.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<Principal?> AuthenticateAsync(string? token, CancellationToken cancellationToken);

    /// <summary>Whether a channel may be watched. Asked at each subscription.</summary>
    ValueTask<bool> MayWatchAsync(Principal principal, string channel, CancellationToken cancellationToken);

    /// <summary>
    /// Whether what was found out before is still true: not after a logout, nor after a change of roles. Asked about every open connection
    /// each second, so it answers from memory.
    /// </summary>
    bool IsCurrent(Principal principal);
}
