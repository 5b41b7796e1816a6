using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.UnitTests.Embedding;

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
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        Leave(dashboard.Database, ManualTime.Start);

        dashboard.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.That(dashboard.Database.OutboxIds, Has.Count.EqualTo(1), "not older than an interval");
        dashboard.Time.Advance(TimeSpan.FromSeconds(5));
        dashboard.Time.Advance(TimeSpan.FromSeconds(5));

        await dashboard.Publisher.UntilAsync(frames => frames.Any(frame => frame.Channel == "tasks"));
        await WhenRelayedAsync(dashboard);
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
