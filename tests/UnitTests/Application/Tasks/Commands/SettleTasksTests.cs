using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Application.Tasks.Commands;

/// <summary>The sweeper settles once a second, too: whoever comes first, it is settled once.</summary>
public sealed class SettleTasksTests
{
    private static readonly TaskReport Completed = new(AgentTaskStatus.Completed, "all of it");

    [Test]
    public async Task The_final_output_enters_the_log_where_nothing_was_streamed()
    {
        await using var dashboard = await StartAsync();
        await ReportAsync(dashboard, Completed);

        await SettleAfterAsync(dashboard, AgentTask.OutputGrace);

        Assert.That(OutputOf(dashboard), Is.EqualTo(new[] { "all of it" }));
        Assert.That(dashboard.Database.FindTask("task-1")!.OutputDueAt, Is.Null);
    }

    [Test]
    public async Task The_final_output_stays_out_of_the_log_where_it_was_streamed()
    {
        await using var dashboard = await StartAsync();
        await dashboard.SendAsync(new AppendOutputCommand("task-1", [new OutputChunk("all "), new OutputChunk("of it")]));
        await ReportAsync(dashboard, Completed);

        await SettleAfterAsync(dashboard, AgentTask.OutputGrace);

        Assert.That(OutputOf(dashboard), Is.EqualTo(new[] { "all ", "of it" }));
        Assert.That(dashboard.Database.FindTask("task-1")!.OutputDueAt, Is.Null);
    }

    [Test]
    public async Task Before_its_time_nothing_is_decided()
    {
        await using var dashboard = await StartAsync();
        await ReportAsync(dashboard, Completed);

        await SettleAfterAsync(dashboard, AgentTask.OutputGrace - TimeSpan.FromTicks(1));

        Assert.That(OutputOf(dashboard), Is.Empty);
        Assert.That(dashboard.Database.FindTask("task-1")!.OutputDueAt, Is.Not.Null);
    }

    [Test]
    public async Task The_final_output_waits_for_what_still_is_in_the_stream()
    {
        await using var dashboard = await StartAsync();
        await ReportAsync(dashboard, Completed);
        dashboard.Surroundings.ReadUpTo = ManualTime.Start - TimeSpan.FromTicks(1);
        await SettleAfterAsync(dashboard, TimeSpan.FromMinutes(1));
        Assert.That(OutputOf(dashboard), Is.Empty);
        Assert.That(dashboard.Database.FindTask("task-1")!.OutputDueAt, Is.Not.Null);

        dashboard.Surroundings.ReadUpTo = ManualTime.Start;
        await SettleAfterAsync(dashboard, TimeSpan.Zero);

        Assert.That(OutputOf(dashboard), Is.EqualTo(new[] { "all of it" }));
    }

    [Test]
    public async Task Settling_again_adds_nothing()
    {
        await using var dashboard = await StartAsync();
        await ReportAsync(dashboard, Completed);
        await SettleAfterAsync(dashboard, AgentTask.OutputGrace);

        await SettleAfterAsync(dashboard, AgentTask.OutputGrace);

        Assert.That(OutputOf(dashboard), Is.EqualTo(new[] { "all of it" }));
    }

    [Test]
    public async Task A_provisional_completed_is_settled_after_its_time()
    {
        await using var dashboard = await StartAsync();
        await ReportAsync(dashboard, new TaskReport(AgentTaskStatus.Completed), ReportOrigin.StatusChannel);

        await SettleAfterAsync(dashboard, AgentTask.ProvisionalFor - TimeSpan.FromTicks(1));
        Assert.That(dashboard.Database.FindTask("task-1")!.ProvisionalUntil, Is.Not.Null);
        await SettleAfterAsync(dashboard, TimeSpan.FromTicks(1));

        Assert.That(dashboard.Database.FindTask("task-1")!.ProvisionalUntil, Is.Null);
    }

    [Test]
    public async Task The_sweeper_lets_time_pass_by_itself()
    {
        await using var dashboard = await StartAsync();
        await ReportAsync(dashboard, Completed);
        await dashboard.Time.WhenSomebodyWaitsAsync(TimeSpan.FromSeconds(1));

        dashboard.Time.Advance(TimeSpan.FromSeconds(3));

        await dashboard.Publisher.UntilAsync(frames => frames.Any(frame => frame.Message is TaskOutputMessage));
    }

    private static async Task<EmbeddedDashboard> StartAsync()
    {
        var dashboard = await EmbeddedDashboard.StartAsync();
        await dashboard.SendAsync(new RegisterTaskCommand("task-1", "github", "Fix the build"));
        return dashboard;
    }

    private static Task<ReportedTask?> ReportAsync(EmbeddedDashboard dashboard, TaskReport report, ReportOrigin origin = ReportOrigin.Patch) =>
        dashboard.SendAsync(new ReportTaskCommand("task-1", report, origin, CreateMissing: false));

    private static Task<int> SettleAfterAsync(EmbeddedDashboard dashboard, TimeSpan time)
    {
        dashboard.Time.Advance(time);
        return dashboard.SendAsync(new SettleTasksCommand());
    }

    private static IReadOnlyList<string> OutputOf(EmbeddedDashboard dashboard) =>
        [.. dashboard.Database.RowsOf("task-1").Where(row => row.Output is not null).Select(row => row.Output!)];
}
