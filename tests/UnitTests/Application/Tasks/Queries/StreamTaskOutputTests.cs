using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Application.Tasks.Queries;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Application.Tasks.Queries;

public sealed class StreamTaskOutputTests
{
    [Test]
    public async Task The_whole_output_is_read_and_nothing_of_another_kind()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        await AppendAsync(dashboard, new OutputChunk("a\n"), new OutputChunk("hm", "thinking"), new OutputChunk("b\n"));

        var pieces = await dashboard.SendAsync(new StreamTaskOutputQuery("task-1", Follow: false));

        Assert.That(await ReadAsync(pieces!).InTime(), Is.EqualTo("a\nb\n"));
    }

    [Test]
    public async Task There_is_nothing_to_read_of_an_unknown_task()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();

        Assert.That(await dashboard.SendAsync(new StreamTaskOutputQuery("task-1", Follow: false)), Is.Null);
    }

    [Test]
    public async Task Following_goes_on_until_the_task_has_ended()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        await AppendAsync(dashboard, new OutputChunk("a\n"));
        var pieces = (await dashboard.SendAsync(new StreamTaskOutputQuery("task-1", Follow: true)))!.GetAsyncEnumerator();
        Assert.That((await NextAsync(pieces), pieces.Current), Is.EqualTo((true, "a\n")));

        var next = NextAsync(pieces);
        await AppendAsync(dashboard, new OutputChunk("b\n"));
        Assert.That((await next, pieces.Current), Is.EqualTo((true, "b\n")));

        var end = NextAsync(pieces);
        await ReportAsync(dashboard, new TaskReport(AgentTaskStatus.Completed));
        Assert.That(await end, Is.False);
    }

    [Test]
    public async Task Following_ends_only_when_it_is_decided_what_becomes_of_the_final_output()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        await dashboard.SendAsync(new RegisterTaskCommand("task-1", "github", "x"));
        var reading = ReadAsync((await dashboard.SendAsync(new StreamTaskOutputQuery("task-1", Follow: true)))!);
        await ReportAsync(dashboard, new TaskReport(AgentTaskStatus.Completed, "all of it"));
        Assert.That(reading.IsCompleted, Is.False);

        dashboard.Time.Advance(AgentTask.OutputGrace);
        await dashboard.SendAsync(new SettleTasksCommand());
        await PassTimeUntilAsync(dashboard, reading);

        Assert.That(await reading, Is.EqualTo("all of it"));
    }

    [Test]
    public async Task A_follower_may_come_before_its_task()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        var asking = dashboard.SendAsync(new StreamTaskOutputQuery("task-1", Follow: true));
        Assert.That(asking.IsCompleted, Is.False);

        await AppendAsync(dashboard, new OutputChunk("a\n"));

        var pieces = (await asking.InTime())!.GetAsyncEnumerator();
        Assert.That((await NextAsync(pieces), pieces.Current), Is.EqualTo((true, "a\n")));
    }

    [Test]
    public async Task A_follower_waits_ten_seconds_for_its_task_and_no_longer()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        var asking = dashboard.SendAsync(new StreamTaskOutputQuery("task-1", Follow: true));

        await PassTimeUntilAsync(dashboard, asking);

        Assert.That(await asking, Is.Null);
        Assert.That(dashboard.Time.GetUtcNow() - ManualTime.Start, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(10)));
    }

    [Test]
    public async Task A_follower_that_goes_away_ends()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        await AppendAsync(dashboard, new OutputChunk("a\n"));
        using var gone = new CancellationTokenSource();
        var reading = ReadAsync((await dashboard.SendAsync(new StreamTaskOutputQuery("task-1", Follow: true), gone.Token))!);

        await gone.CancelAsync();

        Assert.That(async () => await reading.InTime(), Throws.InstanceOf<OperationCanceledException>());
    }

    private static Task<AppendReceipt> AppendAsync(EmbeddedDashboard dashboard, params OutputChunk[] chunks) => dashboard.SendAsync(new AppendOutputCommand("task-1", chunks));

    private static Task<ReportedTask?> ReportAsync(EmbeddedDashboard dashboard, TaskReport report) =>
        dashboard.SendAsync(new ReportTaskCommand("task-1", report, ReportOrigin.Patch, CreateMissing: false));

    private static async Task<string> ReadAsync(IAsyncEnumerable<string> pieces)
    {
        var text = "";
        await foreach (var piece in pieces)
        {
            text += piece;
        }

        return text;
    }

    private static Task<bool> NextAsync(IAsyncEnumerator<string> pieces) => pieces.MoveNextAsync().AsTask().InTime();

    private static async Task PassTimeUntilAsync(EmbeddedDashboard dashboard, Task done)
    {
        while (!done.IsCompleted)
        {
            await dashboard.Time.WhenSomebodyWaitsAsync(TimeSpan.FromSeconds(1));
            dashboard.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }
}
