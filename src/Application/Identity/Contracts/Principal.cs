namespace GrooteDashboard.Application.Identity.Contracts;

/// <summary>Who acts: a person or a program whose credentials were found good.</summary>
/// <param name="Name">Its name, as logs show it.</param>
/// <param name="Roles">What it may do.</param>
/// <param name="ExpiresAt">From then on it has to show credentials again; null: never.</param>
public sealed record Principal(string Name, IReadOnlyList<string> Roles, DateTimeOffset? ExpiresAt = null);
