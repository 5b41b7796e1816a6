using System.Collections.Concurrent;
using GrooteDashboard.Api.Auth;
using GrooteDashboard.Application.Identity.Contracts;
using GrooteDashboard.Application.Identity.Ports;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>A mode that wants to know who comes: tokens, roles and channels are what a test says.</summary>
internal sealed class StandInAccess : IAccessControl
{
    private readonly ConcurrentDictionary<string, Principal> _principals = new();
    private readonly ConcurrentDictionary<string, bool> _changed = new();

    /// <summary>Who may watch what.</summary>
    public Func<Principal, string, bool> MayWatch { get; set; } = (_, _) => true;

    /// <summary>What finding out waits for.</summary>
    public Func<Task> WhileAsked { get; set; } = () => Task.CompletedTask;

    /// <summary>Makes a token good: for a viewer, where no roles are given.</summary>
    public StandInAccess With(string token, DateTimeOffset? expiresAt = null, params string[] roles)
    {
        _principals[token] = new Principal(token + "'s owner", roles.Length > 0 ? roles : [Policies.Viewer], expiresAt);
        return this;
    }

    /// <summary>The owner of the token has signed out, or has other roles now.</summary>
    public void Change(string token) => _changed[token + "'s owner"] = true;

    public async ValueTask<Principal?> AuthenticateAsync(string? token, CancellationToken cancellationToken)
    {
        await WhileAsked();
        return token is not null && _principals.TryGetValue(token, out var principal) ? principal : null;
    }

    public async ValueTask<bool> MayWatchAsync(Principal principal, string channel, CancellationToken cancellationToken)
    {
        await WhileAsked();
        return MayWatch(principal, channel);
    }

    public bool IsCurrent(Principal principal) => !_changed.ContainsKey(principal.Name);
}
