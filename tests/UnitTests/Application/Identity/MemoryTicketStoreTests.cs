using GrooteDashboard.Application.Identity;
using GrooteDashboard.Application.Identity.Contracts;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Application.Identity;

internal sealed class MemoryTicketStoreTests
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    private readonly ManualTime _time = new();

    [Test]
    public async Task A_ticket_is_taken_once()
    {
        var tickets = new MemoryTicketStore(_time);
        var principal = new Principal("somebody", ["Viewer"], ManualTime.Start);
        await tickets.AddAsync("a", principal, Lifetime, CancellationToken.None);
        Assert.That(await TakeAsync(tickets, "b"), Is.Null);
        Assert.That(await TakeAsync(tickets, "a"), Is.EqualTo(principal));
        Assert.That(await TakeAsync(tickets, "a"), Is.Null);
    }

    [TestCase(29.9, true)]
    [TestCase(30, false)]
    public async Task A_ticket_is_good_for_its_lifetime(double seconds, bool isGood)
    {
        var tickets = new MemoryTicketStore(_time);
        await tickets.AddAsync("a", new Principal("somebody", []), Lifetime, CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(seconds));
        Assert.That(await TakeAsync(tickets, "a") is not null, Is.EqualTo(isGood));
    }

    [Test]
    public async Task When_there_are_too_many_the_oldest_goes()
    {
        var tickets = new MemoryTicketStore(_time);
        for (var i = 0; i <= MemoryTicketStore.Capacity; i++)
        {
            await tickets.AddAsync($"{i}", new Principal("somebody", []), Lifetime, CancellationToken.None);
        }

        Assert.That(await TakeAsync(tickets, "0"), Is.Null);
        Assert.That(await TakeAsync(tickets, "1"), Is.Not.Null);
        Assert.That(await TakeAsync(tickets, $"{MemoryTicketStore.Capacity}"), Is.Not.Null);
    }

    private static ValueTask<Principal?> TakeAsync(MemoryTicketStore tickets, string ticket) => tickets.TakeAsync(ticket, CancellationToken.None);
}
