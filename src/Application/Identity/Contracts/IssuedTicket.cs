namespace GrooteDashboard.Application.Identity.Contracts;

/// <summary>Opens one connection, once and soon, for whoever shows it.</summary>
/// <param name="Ticket">The secret.</param>
/// <param name="ExpiresInSeconds">For how long it is good.</param>
public sealed record IssuedTicket(string Ticket, int ExpiresInSeconds);
