using GrooteDashboard.Application.Identity.Contracts;

namespace GrooteDashboard.Application.Identity.Ports;

/// <summary>Tickets that are issued and not used yet, for all instances that clients may come to.</summary>
public interface ITicketStore
{
    /// <summary>Keeps a ticket for so long.</summary>
    /// <exception cref="TimeoutException">The store is away.</exception>
    ValueTask AddAsync(string ticket, Principal principal, TimeSpan lifetime, CancellationToken cancellationToken);

    /// <summary>Who the ticket stands for, once: then it is gone. Null: there is no such ticket, or not any more.</summary>
    /// <inheritdoc cref="AddAsync" path="/exception"/>
    ValueTask<Principal?> TakeAsync(string ticket, CancellationToken cancellationToken);
}
