using FluentValidation;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Application.Tasks.Commands;

public sealed class ReportTaskTests
{
    private static readonly (TaskReport Report, string Field)[] Refused =
    [
        (new TaskReport(Output: new string('x', AgentTask.MaxOutputLength + 1)), "Report.Output"),
        (new TaskReport(Result: new string('x', AgentTask.MaxOutputLength + 1)), "Report.Result"),
        (new TaskReport(Error: new string('x', AgentTask.MaxErrorLength + 1)), "Report.Error"),
        (new TaskReport(Figures: new TaskFigures(CostUsd: -1)), "cost_usd"),
        (new TaskReport(Figures: new TaskFigures(InputTokens: -1)), "input_tokens"),
        (new TaskReport(Figures: new TaskFigures(OutputTokens: -1)), "output_tokens"),
        (new TaskReport(Figures: new TaskFigures(DurationSeconds: double.NaN)), "duration_seconds"),
    ];

    [Test]
    public async Task A_report_moves_the_task_and_is_told_with_its_figures()
    {
        await using var dashboard = await StartAsync();

        var reported = await ReportAsync(dashboard, new TaskReport(AgentTaskStatus.Failed, Error: "exit 1", Figures: new TaskFigures(0.5m, 10, 20, 3)));

        Assert.That(reported, Is.EqualTo(new ReportedTask("task-1", AgentTaskStatus.Failed)));
        await dashboard.Publisher.UntilAsync(frames => frames.Count(frame => frame.Channel == "tasks") == 3);
        var told = dashboard.Publisher.On("tasks").Select(frame => (TaskStatusMessage)frame.Message).ToList();
        Assert.That(told.Select(message => (message.Previous, message.Status)), Is.EqualTo(new (AgentTaskStatus?, AgentTaskStatus)[]
        {
            (null, AgentTaskStatus.Queued), (AgentTaskStatus.Queued, AgentTaskStatus.Running), (AgentTaskStatus.Running, AgentTaskStatus.Failed),
        }));
        Assert.That(told.Select(message => message.Version), Is.EqualTo(new[] { 1, 2, 3 }), "a client leaves out what it has by version");
        Assert.That((told[^1].Error, told[^1].CostUsd, told[^1].InputTokens, told[^1].OutputTokens, told[^1].DurationSeconds, told[^1].Version),
            Is.EqualTo(("exit 1", 0.5m, 10L, 20L, 3d, 3)));
    }

    [Test]
    public async Task A_report_on_an_unknown_task_is_answered_with_nothing()
    {
        await using var dashboard = await StartAsync();

        Assert.That(await dashboard.SendAsync(new ReportTaskCommand("task-2", new TaskReport(AgentTaskStatus.Running), ReportOrigin.Patch, CreateMissing: false)), Is.Null);
        Assert.That(dashboard.Database.FindTask("task-2"), Is.Null);
    }

    [Test]
    public async Task A_report_by_another_way_creates_an_unknown_task()
    {
        await using var dashboard = await StartAsync();

        await dashboard.SendAsync(new ReportTaskCommand("task-2", new TaskReport(AgentTaskStatus.Completed), ReportOrigin.StatusChannel, CreateMissing: true));

        var task = dashboard.Database.FindTask("task-2")!;
        Assert.That((task.Status, task.Source, task.ProvisionalUntil is not null), Is.EqualTo((AgentTaskStatus.Completed, AgentTask.UnknownSource, true)));
    }

    [Test]
    public async Task An_illegal_transition_is_refused_and_changes_nothing()
    {
        await using var dashboard = await StartAsync();
        await ReportAsync(dashboard, new TaskReport(AgentTaskStatus.Running));

        Assert.That(() => ReportAsync(dashboard, new TaskReport(AgentTaskStatus.Queued, Error: "e")), Throws.InstanceOf<DomainRuleException>());

        var task = dashboard.Database.FindTask("task-1")!;
        Assert.That((task.Status, task.Error, task.Version), Is.EqualTo((AgentTaskStatus.Running, (string?)null, 2)));
    }

    [Test]
    public async Task Reports_that_come_at_once_are_all_taken()
    {
        await using var dashboard = await StartAsync();
        await ReportAsync(dashboard, new TaskReport(AgentTaskStatus.Running));

        TaskReport[] reports =
        [
            new(Error: "e"), new(Result: "r"), new(Output: "o"), new(Figures: new TaskFigures(CostUsd: 1)),
            new(Figures: new TaskFigures(InputTokens: 2)), new(Figures: new TaskFigures(OutputTokens: 3)),
        ];
        await Task.WhenAll(reports.Select(report => Task.Run(() => ReportAsync(dashboard, report)))).InTime();

        var task = dashboard.Database.FindTask("task-1")!;
        Assert.That((task.Error, task.Result, task.FinalOutput, task.CostUsd, task.InputTokens, task.OutputTokens, task.Version),
            Is.EqualTo(("e", "r", "o", 1m, 2L, 3L, 8)));
    }

    [Test]
    public async Task What_cannot_be_stored_is_replaced()
    {
        await using var dashboard = await StartAsync();

        await ReportAsync(dashboard, new TaskReport(AgentTaskStatus.Running, "a\0", "b\uD800", "c\0"));

        var task = dashboard.Database.FindTask("task-1")!;
        Assert.That((task.FinalOutput, task.Error, task.Result), Is.EqualTo(("a\uFFFD", "b\uFFFD", "c\uFFFD")));
    }

    [TestCaseSource(nameof(Refused))]
    public async Task What_is_out_of_bounds_is_refused_by_name((TaskReport Report, string Field) refused)
    {
        await using var dashboard = await StartAsync();

        var refusal = Assert.ThrowsAsync<ValidationException>(() => ReportAsync(dashboard, refused.Report))!;

        Assert.That(refusal.Errors.Select(error => error.PropertyName), Is.EqualTo(new[] { refused.Field }));
        Assert.That(dashboard.Database.FindTask("task-1")!.Version, Is.EqualTo(1));
    }

    private static async Task<EmbeddedDashboard> StartAsync()
    {
        var dashboard = await EmbeddedDashboard.StartAsync();
        await dashboard.SendAsync(new RegisterTaskCommand("task-1", "github", "Fix the build"));
        return dashboard;
    }

    private static Task<ReportedTask?> ReportAsync(EmbeddedDashboard dashboard, TaskReport report) =>
        dashboard.SendAsync(new ReportTaskCommand("task-1", report, ReportOrigin.Patch, CreateMissing: false));
}
