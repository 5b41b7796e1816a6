using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.UnitTests.Embedding;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrooteDashboard.UnitTests.Application.Realtime.Log;

public sealed class OutboxRelayTests
{
    [Test]
    public async Task What_a_process_left_in_the_outbox_the_next_one_appends_at_its_start()
    {
        var database = new InMemoryDatabase();
        Leave(database, ManualTime.Start - TimeSpan.FromTicks(1));

        await using var dashboard = await EmbeddedDashboard.StartAsync(database);

        await dashboard.Publisher.UntilAsync(frames => frames.Any(frame => frame.Channel == "tasks"));
        await WhenRelayedAsync(dashboard);
        Assert.That(database.RowsOf("task-1").Select(row => row.Status), Is.EqualTo(new AgentTaskStatus?[] { AgentTaskStatus.Queued, null }));
    }

    [Test]
    public async Task What_is_on_its_way_is_left_alone_and_what_was_left_behind_is_appended()
    {
        await using var harness = await LogHarness.StartAsync();
        using var relay = new OutboxRelay(harness.Store, harness.Log, harness.Time, NullLogger<OutboxRelay>.Instance);
        await relay.StartAsync(CancellationToken.None);
        await harness.Store.OutboxReads.WaitAsync().InTime();
        Leave(harness.Database, ManualTime.Start);

        await PassAsync();
        Assert.That(harness.Database.OutboxIds, Has.Count.EqualTo(1), "not older than an interval");
        await PassAsync();
        await PassAsync();

        await harness.Publisher.UntilAsync(frames => frames.Any(frame => frame.Channel == "tasks"));
        await relay.StopAsync(CancellationToken.None).InTime();

        Task PassAsync()
        {
            harness.Time.Advance(TimeSpan.FromSeconds(5));
            return harness.Store.OutboxReads.WaitAsync().InTime();
        }
    }

    private static void Leave(InMemoryDatabase database, DateTimeOffset at) => database.Commit(
        [(null, AgentTask.Register("task-1", new TaskRegistration("github", "Fix the build", "session-1", "anna"), at, "evt-1"))], at);

    /// <summary>The log stores in order: when a later row is stored, the outbox row before it has ended.</summary>
    private static async Task WhenRelayedAsync(EmbeddedDashboard dashboard)
    {
        await dashboard.SendAsync(new AppendOutputCommand("task-1", [new OutputChunk("x")]));
        Assert.That(dashboard.Database.OutboxIds, Is.Empty);
    }
}
