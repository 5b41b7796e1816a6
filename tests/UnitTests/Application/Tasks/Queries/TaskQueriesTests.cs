using FluentValidation;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Queries;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Application.Tasks.Queries;

/// <summary>The bounds of what may be asked, and the answers as a host without PostgreSQL gives them.</summary>
public sealed class TaskQueriesTests
{
    private static readonly ListTasksQuery List = new(new TaskFilter(), TaskOrder.NewestFirst, 1, 20);
    private static readonly GetTaskLogQuery Log = new("task-1", null, null, null, 100, []);

    private static readonly (ListTasksQuery Query, string Field)[] RefusedLists =
    [
        (List with { Page = 0 }, "Page"),
        (List with { Page = ListTasksQuery.MaxPage + 1 }, "Page"),
        (List with { PerPage = 0 }, "PerPage"),
        (List with { PerPage = ListTasksQuery.MaxPerPage + 1 }, "PerPage"),
        (Where(new TaskFilter { Agents = [new string('x', AgentTask.MaxNameLength + 1)] }), "agent"),
        (Where(new TaskFilter { Agents = [.. Enumerable.Repeat("x", 51)] }), "agent"),
        (Where(new TaskFilter { Source = new string('x', AgentTask.MaxNameLength + 1) }), "source"),
        (Where(new TaskFilter { SessionId = "a\0b" }), "session"),
        (Where(new TaskFilter { From = ManualTime.Start, To = ManualTime.Start }), "date_to"),
        (Where(new TaskFilter { CostMin = -0.01m }), "cost_min"),
        (Where(new TaskFilter { CostMin = 2, CostMax = 1 }), "cost_max"),
        (Where(new TaskFilter { DurationMax = TaskFigures.MaxDurationSeconds + 1 }), "duration_max"),
        (Where(new TaskFilter { DurationMin = 2, DurationMax = 1 }), "duration_max"),
        (List with { After = "not a cursor" }, "After"),
        (List with { After = Place(TaskOrder.NewestFirst.Reverse()) }, "After"),
        (List with { Before = Place(new TaskOrder(TaskSortKey.Cost, Descending: true)) }, "Before"),
        (List with { After = Place(TaskOrder.NewestFirst), Before = Place(TaskOrder.NewestFirst) }, "Before"),
    ];

    private static readonly (GetTaskLogQuery Query, string Field)[] RefusedLogs =
    [
        (Log with { Limit = 0 }, "Limit"),
        (Log with { Limit = TaskLogRange.MaxLimit + 1 }, "Limit"),
        (Log with { Tail = 0 }, "Tail"),
        (Log with { Tail = TaskLogRange.MaxLimit + 1 }, "Tail"),
        (Log with { After = -1 }, "After"),
        (Log with { Before = -1 }, "Before"),
        (Log with { After = 1, Before = 2 }, "after"),
        (Log with { After = 1, Tail = 2 }, "after"),
        (Log with { Kinds = ["output", "shout"] }, "kinds"),
    ];

    private static readonly ListTasksQuery[] AcceptedLists =
    [
        List,
        List with { Page = ListTasksQuery.MaxPage, PerPage = ListTasksQuery.MaxPerPage },
        Where(new TaskFilter { Agents = [new string('x', AgentTask.MaxNameLength)], From = ManualTime.Start, To = ManualTime.Start.AddTicks(1) }),
        Where(new TaskFilter { CostMin = 1, CostMax = 1, DurationMin = 0, DurationMax = TaskFigures.MaxDurationSeconds }),
        List with { Before = Place(TaskOrder.NewestFirst) },
    ];

    private static readonly GetTaskLogQuery[] AcceptedLogs =
    [
        Log, Log with { Limit = TaskLogRange.MaxLimit, After = 0 }, Log with { Before = 0 }, Log with { Tail = TaskLogRange.MaxLimit, Kinds = ["output", "system"] },
    ];

    private static ListTasksQuery Where(TaskFilter filter) => List with { Filter = filter };

    private static string Place(TaskOrder order) => new TaskCursor(order, order.Key == TaskSortKey.Cost ? 1m : ManualTime.Start, ManualTime.Start, "task-1").ToString();

    [TestCaseSource(nameof(RefusedLists))]
    public void A_list_out_of_bounds_is_refused_by_name((ListTasksQuery Query, string Field) refused) =>
        Assert.That(FieldsOf(new ListTasksValidator(), refused.Query), Is.EqualTo(new[] { refused.Field }));

    [TestCaseSource(nameof(AcceptedLists))]
    public void A_list_within_its_bounds_is_fine(ListTasksQuery query) => Assert.That(FieldsOf(new ListTasksValidator(), query), Is.Empty);

    [TestCaseSource(nameof(RefusedLogs))]
    public void A_log_out_of_bounds_is_refused_by_name((GetTaskLogQuery Query, string Field) refused) =>
        Assert.That(FieldsOf(new GetTaskLogValidator(), refused.Query), Is.EqualTo(new[] { refused.Field }));

    [TestCaseSource(nameof(AcceptedLogs))]
    public void A_log_within_its_bounds_is_fine(GetTaskLogQuery query) => Assert.That(FieldsOf(new GetTaskLogValidator(), query), Is.Empty);

    [Test]
    public async Task A_log_is_read_forward_backward_and_from_its_end()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        await dashboard.SendAsync(new AppendOutputCommand("task-1", [.. Enumerable.Range(2, 9).Select(i => new OutputChunk($"{i}"))]));

        Assert.Multiple(async () =>
        {
            Assert.That(await OffsetsAsync(Log with { Limit = 3 }), Is.EqualTo(new[] { 1, 2, 3 }));
            Assert.That(await OffsetsAsync(Log with { After = 3, Limit = 3 }), Is.EqualTo(new[] { 4, 5, 6 }));
            Assert.That(await OffsetsAsync(Log with { Before = 6, Limit = 3 }), Is.EqualTo(new[] { 3, 4, 5 }));
            Assert.That(await OffsetsAsync(Log with { Tail = 2 }), Is.EqualTo(new[] { 9, 10 }));
            Assert.That(await OffsetsAsync(Log with { After = 10 }), Is.Empty);
        });

        async Task<IEnumerable<long>> OffsetsAsync(GetTaskLogQuery query) => (await dashboard.SendAsync(query))!.Entries.Select(entry => entry.Offset);
    }

    [Test]
    public async Task A_page_of_the_log_names_the_position_from_which_the_live_channel_goes_on()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        await dashboard.SendAsync(new AppendOutputCommand("task-1", [new OutputChunk("a"), new OutputChunk("b")]));

        var page = (await dashboard.SendAsync(Log))!;

        Assert.That((page.Position!.Channel, page.Position.Offset, page.LastOffset, page.HasMore), Is.EqualTo(("task:task-1", 3L, 3L, false)));
    }

    [Test]
    public async Task What_does_not_exist_is_answered_with_nothing()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();

        Assert.That(await dashboard.SendAsync(Log), Is.Null);
        Assert.That(await dashboard.SendAsync(new GetTaskQuery("task-1")), Is.Null);
        Assert.That(await dashboard.SendAsync(new GetTaskOutputQuery("task-1")), Is.Null);
    }

    [Test]
    public async Task The_agents_are_those_that_tasks_show()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        await dashboard.SendAsync(new RegisterTaskCommand("task-1", "github", "x", AssignedAgent: "coder"));
        await dashboard.SendAsync(new RegisterTaskCommand("task-2", "github", "x", AssignedAgent: "coder"));

        var agents = await dashboard.SendAsync(new ListAgentsQuery());
        Assert.That(agents.Select(agent => (agent.Name, agent.AgentType, agent.IsBuiltin, agent.Tasks, agent.RecentTasks, agent.ByStatus["queued"], agent.LastSeenAt)),
            Is.EqualTo(new[] { ("coder", "custom", false, 2L, 2L, 2L, (DateTimeOffset?)ManualTime.Start) }));
    }

    [Test]
    public async Task A_duration_is_what_the_engine_says_else_what_the_clock_says_and_the_turnaround_is_always_the_clock()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        await dashboard.SendAsync(new RegisterTaskCommand("told", "github", "x"));
        await dashboard.SendAsync(new RegisterTaskCommand("measured", "github", "x"));
        dashboard.Time.Advance(TimeSpan.FromSeconds(10));
        foreach (var id in new[] { "told", "measured" })
        {
            await dashboard.SendAsync(new ReportTaskCommand(id, new TaskReport(AgentTaskStatus.Running), ReportOrigin.Patch, CreateMissing: false));
        }

        dashboard.Time.Advance(TimeSpan.FromSeconds(5));
        await dashboard.SendAsync(new ReportTaskCommand(
            "told", new TaskReport(AgentTaskStatus.Completed, Figures: new TaskFigures(DurationSeconds: 4.5)), ReportOrigin.Patch, CreateMissing: false));
        await dashboard.SendAsync(new ReportTaskCommand("measured", new TaskReport(AgentTaskStatus.Completed), ReportOrigin.Patch, CreateMissing: false));

        var (told, measured) = ((await dashboard.SendAsync(new GetTaskQuery("told")))!, (await dashboard.SendAsync(new GetTaskQuery("measured")))!);
        Assert.That((told.DurationSeconds, told.TurnaroundSeconds), Is.EqualTo((4.5, 15d)));
        Assert.That((measured.DurationSeconds, measured.TurnaroundSeconds), Is.EqualTo((5d, 15d)));
    }

    private static IEnumerable<string> FieldsOf<T>(AbstractValidator<T> validator, T query) =>
        validator.Validate(query).Errors.Select(error => error.PropertyName).Distinct();
}
