using System.Diagnostics.Metrics;
using GrooteDashboard.Application.Identity.Contracts;
using GrooteDashboard.Application.Identity.Ports;

namespace GrooteDashboard.Application.Identity;

/// <summary>Tickets of a single process. Bounded: when there are too many, the oldest goes.</summary>
internal sealed class MemoryTicketStore(TimeProvider time, IMeterFactory meters) : ITicketStore
{
    public const string MeterName = "GrooteDashboard.Identity";

    /// <summary>Hundreds each second, every second of their life.</summary>
    public const int Capacity = 10_000;

    private readonly Counter<long> _evicted = meters.Create(MeterName)
        .CreateCounter<long>("dashboard.identity.tickets_evicted", "{ticket}", "Tickets that were not used yet and had to make room");

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (Principal Principal, DateTimeOffset GoodUntil)> _tickets = new(StringComparer.Ordinal);

    // Used tickets stay in it until their turn comes.
    private readonly Queue<string> _order = new();

    public ValueTask AddAsync(string ticket, Principal principal, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _tickets[ticket] = (principal, time.GetUtcNow() + lifetime);
            _order.Enqueue(ticket);
            while (_order.Count > Capacity || IsOver(_order.Peek()))
            {
                var oldest = _order.Dequeue();
                _evicted.Add(IsOver(oldest) ? 0 : 1);
                _tickets.Remove(oldest);
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<Principal?> TakeAsync(string ticket, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return new(_tickets.Remove(ticket, out var held) && time.GetUtcNow() < held.GoodUntil ? held.Principal : null);
        }
    }

    private bool IsOver(string ticket) => !_tickets.TryGetValue(ticket, out var held) || held.GoodUntil <= time.GetUtcNow();
}
