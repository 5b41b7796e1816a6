using System.Diagnostics.Metrics;
using GrooteDashboard.Application.Identity;
using GrooteDashboard.Application.Identity.Contracts;
using GrooteDashboard.UnitTests.Embedding;
using Microsoft.Extensions.DependencyInjection;

namespace GrooteDashboard.UnitTests.Application.Identity;

internal sealed class MemoryTicketStoreTests
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    private readonly ManualTime _time = new();
    private ServiceProvider _services = null!;

    [SetUp]
    public void Create()
    {
        var services = new ServiceCollection();
        services.AddMetrics();
        services.AddSingleton<TimeProvider>(_time);
        services.AddSingleton<MemoryTicketStore>();
        _services = services.BuildServiceProvider();
    }

    [TearDown]
    public void Dispose() => _services.Dispose();

    [Test]
    public async Task A_ticket_is_taken_once()
    {
        var tickets = Tickets;
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
        var tickets = Tickets;
        await tickets.AddAsync("a", new Principal("somebody", []), Lifetime, CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(seconds));
        Assert.That(await TakeAsync(tickets, "a") is not null, Is.EqualTo(isGood));
    }

    [Test]
    public async Task When_there_are_too_many_the_oldest_goes_and_is_counted_if_it_was_still_good()
    {
        var tickets = Tickets;
        var evicted = 0L;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == _services.GetRequiredService<IMeterFactory>())
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, count, _, _) => evicted += count);
        listener.Start();
        await tickets.AddAsync("used", new Principal("somebody", []), Lifetime, CancellationToken.None);
        await TakeAsync(tickets, "used");
        for (var i = 0; i <= MemoryTicketStore.Capacity; i++)
        {
            await tickets.AddAsync($"{i}", new Principal("somebody", []), Lifetime, CancellationToken.None);
        }

        Assert.That(evicted, Is.EqualTo(1));
        Assert.That(await TakeAsync(tickets, "0"), Is.Null);
        Assert.That(await TakeAsync(tickets, "1"), Is.Not.Null);
        Assert.That(await TakeAsync(tickets, $"{MemoryTicketStore.Capacity}"), Is.Not.Null);
    }

    private MemoryTicketStore Tickets => _services.GetRequiredService<MemoryTicketStore>();

    private static ValueTask<Principal?> TakeAsync(MemoryTicketStore tickets, string ticket) => tickets.TakeAsync(ticket, CancellationToken.None);
}
