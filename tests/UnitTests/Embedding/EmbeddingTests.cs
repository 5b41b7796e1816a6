using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.System.Queries;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Queries;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.UnitTests.Embedding;

/// <summary>Another team embeds the Application layer in a host of its own: no PostgreSQL, no Redis, no ASP.NET.</summary>
public sealed class EmbeddingTests
{
    [Test]
    public async Task A_whole_story_runs_in_any_host()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();

        await dashboard.SendAsync(new RegisterTaskCommand("task-1", "github", "Fix the build", AssignedAgent: "coder", ConversationId: "conv-1"));
        await dashboard.SendAsync(new ReportTaskCommand("task-1", new TaskReport(AgentTaskStatus.Running), ReportOrigin.StatusChannel, CreateMissing: true));
        await dashboard.SendAsync(new AppendOutputCommand("task-1", [new OutputChunk("compiling\n", Id: "1"), new OutputChunk("where is it?", "thinking")]));
        await dashboard.SendAsync(new AppendTextCommand("task-1", new MemoryStream("done\n"u8.ToArray()), "output"));
        await dashboard.SendAsync(new ReportTaskCommand(
            "task-1",
            new TaskReport(AgentTaskStatus.Completed, "compiling\ndone\n", Figures: new TaskFigures(0.42m, 1_000, 50, 12)),
            ReportOrigin.Patch,
            CreateMissing: false));
        dashboard.Time.Advance(AgentTask.OutputGrace);
        await dashboard.SendAsync(new SettleTasksCommand());

        var list = await dashboard.SendAsync(new ListTasksQuery(
            new TaskFilter { Statuses = [AgentTaskStatus.Completed], Agents = ["coder"] }, TaskOrder.NewestFirst, Page: 1, PerPage: 20));
        var task = (await dashboard.SendAsync(new GetTaskQuery("task-1")))!;
        var output = await (await dashboard.SendAsync(new GetTaskOutputQuery("task-1")))!.ReadAsync(CancellationToken.None);
        var log = (await dashboard.SendAsync(new GetTaskLogQuery("task-1", null, null, null, 100, [])))!;
        Assert.Multiple(() =>
        {
            Assert.That(list.Items.Select(row => (row.TaskId, row.Status, row.CostUsd)), Is.EqualTo(new[] { ("task-1", AgentTaskStatus.Completed, 0.42m) }));
            Assert.That((task.OutputStream, task.DurationSeconds, task.ConversationId, task.LastOffset), Is.EqualTo(("compiling\ndone\n", 12d, "conv-1", 6L)));
            Assert.That((output.Output, output.IsLive), Is.EqualTo(("compiling\ndone\n", false)));
            Assert.That(log.Entries.Select(entry => (entry.Offset, entry.Status?.Name() ?? entry.Output)), Is.EqualTo(new[]
            {
                (1L, "queued"), (2L, "running"), (3L, "compiling\n"), (4L, "where is it?"), (5L, "done\n"), (6L, "completed"),
            }));
        });

        // Whoever watched saw the same, in the same order.
        Assert.That(
            dashboard.Publisher.On(Channels.Task("task-1")).Select(frame => frame.Offset), Is.EqualTo(log.Entries.Select(entry => (long?)entry.Offset)));
        Assert.That(
            dashboard.Publisher.On(Channels.Tasks).Select(frame => ((TaskStatusMessage)frame.Message).Status),
            Is.EqualTo(new[] { AgentTaskStatus.Queued, AgentTaskStatus.Running, AgentTaskStatus.Completed }));
        Assert.That(dashboard.Database.OutboxIds, Is.Empty);
    }

    [Test]
    public async Task What_was_stored_is_there_in_the_next_process()
    {
        var database = new InMemoryDatabase();
        await using (var before = await EmbeddedDashboard.StartAsync(database))
        {
            await before.SendAsync(new AppendOutputCommand("task-1", [new OutputChunk("a", Id: "1")]));
        }

        await using var dashboard = await EmbeddedDashboard.StartAsync(database);
        var receipt = await dashboard.SendAsync(new AppendOutputCommand("task-1", [new OutputChunk("a", Id: "1"), new OutputChunk("b", Id: "2")]));

        Assert.That((receipt.Accepted, receipt.Duplicates, receipt.LastOffset), Is.EqualTo((1, 1, 3L)));
    }

    [Test]
    public async Task It_says_how_it_is()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();

        var health = await dashboard.SendAsync(new GetHealthQuery());

        Assert.That((health.Ready, health.QueueLength, health.Connections), Is.EqualTo((true, 0L, 0)));
        Assert.That(health.Components["memory"].Status, Is.EqualTo("up"));
    }

    [Test]
    public void It_needs_no_database_no_redis_and_no_web() => Assert.That(
        AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetName().Name!)
            .Where(name => name.StartsWith("Npgsql", StringComparison.Ordinal) || name.StartsWith("StackExchange", StringComparison.Ordinal)
                || name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) || name.StartsWith("Microsoft.EntityFrameworkCore", StringComparison.Ordinal)),
        Is.Empty);
}
