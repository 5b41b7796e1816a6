using GrooteDashboard.Application.Identity.Contracts;
using GrooteDashboard.Application.Identity.Ports;

namespace GrooteDashboard.Api.Auth;

/// <summary>Open mode: everyone is one anonymous person with every role, whatever token is shown, so that policies are checked from the first day.</summary>
internal sealed class OpenAccess : IAccessControl
{
    private static readonly Principal Everybody = new("anonymous", [Policies.Viewer, Policies.Operator, Policies.Admin, Policies.Ingest]);

    public ValueTask<Principal?> AuthenticateAsync(string? token, CancellationToken cancellationToken) => new(Everybody);

    public ValueTask<bool> MayWatchAsync(Principal principal, string channel, CancellationToken cancellationToken) => new(true);

    public bool IsCurrent(Principal principal) => true;
}
