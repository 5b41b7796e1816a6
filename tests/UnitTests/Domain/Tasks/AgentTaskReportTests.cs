using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Domain.Tasks;

/// <summary>What a report does to a task: the paragraph "Status" of the contract of realtime, sentence by sentence.</summary>
public sealed class AgentTaskReportTests
{
    private static readonly DateTimeOffset Now = ManualTime.Start;
    private static readonly DateTimeOffset LastProvisionalMoment = Now + AgentTask.ProvisionalFor - TimeSpan.FromTicks(1);
    private static readonly DateTimeOffset ProvisionalOver = Now + AgentTask.ProvisionalFor;
    private static readonly TaskFigures SomeFigures = new(0.42m, 1_000, 200, 12.5);
    private static readonly TaskFigures OtherFigures = new(9m, 9, 9, 9);

    [TestCase(ReportOrigin.Patch)]
    [TestCase(ReportOrigin.StatusChannel)]
    [TestCase(ReportOrigin.EventStream)]
    public void A_report_moves_the_task(ReportOrigin origin)
    {
        var task = AnAgentTask.Queued();

        Assert.That(Report(task, new TaskReport(AgentTaskStatus.Running), origin), Is.True);

        Assert.That((task.Status, task.StartedAt, task.Version), Is.EqualTo((AgentTaskStatus.Running, (DateTimeOffset?)Now, 2)));
    }

    [TestCase(AgentTaskStatus.Queued, AgentTaskStatus.Completed)]
    [TestCase(AgentTaskStatus.Queued, AgentTaskStatus.Failed)]
    [TestCase(AgentTaskStatus.Queued, AgentTaskStatus.WaitingInput)]
    [TestCase(AgentTaskStatus.WaitingInput, AgentTaskStatus.Completed)]
    [TestCase(AgentTaskStatus.WaitingInput, AgentTaskStatus.Failed)]
    public void A_skipped_running_is_passed_through(AgentTaskStatus from, AgentTaskStatus to)
    {
        var task = AnAgentTask.In(from);
        var (version, events) = (task.Version, task.DomainEvents.Count);

        Report(task, new TaskReport(to));

        Assert.Multiple(() =>
        {
            Assert.That((task.Status, task.StartedAt, task.Version), Is.EqualTo((to, (DateTimeOffset?)Now, version + 2)));
            Assert.That(
                task.DomainEvents.Skip(events).Cast<AgentTaskChanged>().Select(change => (change.Previous, change.Status)),
                Is.EqualTo(new[] { ((AgentTaskStatus?)from, AgentTaskStatus.Running), (AgentTaskStatus.Running, to) }));
        });
    }

    [Test]
    public void A_queued_task_that_is_cancelled_never_ran()
    {
        var task = AnAgentTask.Queued();

        Report(task, new TaskReport(AgentTaskStatus.Cancelled));

        Assert.That((task.Status, task.StartedAt, task.Version), Is.EqualTo((AgentTaskStatus.Cancelled, (DateTimeOffset?)null, 2)));
    }

    [TestCase(AgentTaskStatus.Running)]
    [TestCase(AgentTaskStatus.WaitingInput)]
    public void A_task_that_is_not_final_does_not_go_back_to_the_queue_and_keeps_everything(AgentTaskStatus from)
    {
        var task = AnAgentTask.In(from);
        var version = task.Version;

        var refusal = Assert.Throws<DomainRuleException>(() => Report(task, new TaskReport(AgentTaskStatus.Queued, Figures: SomeFigures)))!;

        Assert.That((refusal.Code, task.Status, task.CostUsd, task.Version), Is.EqualTo(("illegal_transition", from, (decimal?)null, version)));
    }

    [TestCase(AgentTaskStatus.Queued)]
    [TestCase(AgentTaskStatus.Running)]
    [TestCase(AgentTaskStatus.WaitingInput)]
    public void Saying_again_what_is_known_changes_nothing(AgentTaskStatus status)
    {
        var task = AnAgentTask.In(status);
        var version = task.Version;

        Assert.That(Report(task, new TaskReport(status)), Is.False);

        Assert.That(task.Version, Is.EqualTo(version));
    }

    [Test]
    public void An_empty_report_changes_nothing()
    {
        var task = AnAgentTask.Running();
        var version = task.Version;

        Assert.That(Report(task, new TaskReport(Output: "", Figures: TaskFigures.None)), Is.False);

        Assert.That((task.Version, task.FinalOutput), Is.EqualTo((version, (string?)null)));
    }

    [Test]
    public void Completed_by_the_status_channel_is_provisional_for_sixty_seconds()
    {
        var task = AnAgentTask.ProvisionallyCompleted();

        Assert.Multiple(() =>
        {
            Assert.That(task.Status, Is.EqualTo(AgentTaskStatus.Completed));
            Assert.That(AgentTask.ProvisionalFor, Is.EqualTo(TimeSpan.FromSeconds(60)));
            Assert.That(task.IsProvisional(LastProvisionalMoment), Is.True);
            Assert.That(task.IsProvisional(ProvisionalOver), Is.False);
        });
    }

    [TestCase(ReportOrigin.Patch)]
    [TestCase(ReportOrigin.EventStream)]
    public void Completed_by_another_way_is_final_at_once(ReportOrigin origin)
    {
        var task = AnAgentTask.Running();
        Report(task, new TaskReport(AgentTaskStatus.Completed), origin);

        Report(task, new TaskReport(AgentTaskStatus.Failed));

        Assert.That((task.Status, task.IsProvisional(Now)), Is.EqualTo((AgentTaskStatus.Completed, false)));
    }

    [Test]
    public void Failed_by_the_status_channel_is_final_at_once()
    {
        var task = AnAgentTask.Running();
        Report(task, new TaskReport(AgentTaskStatus.Failed), ReportOrigin.StatusChannel);

        Report(task, new TaskReport(AgentTaskStatus.Completed));

        Assert.That((task.Status, task.IsProvisional(Now)), Is.EqualTo((AgentTaskStatus.Failed, false)));
    }

    [Test]
    public void A_patch_to_failed_within_sixty_seconds_wins()
    {
        var task = AnAgentTask.ProvisionallyCompleted();
        var (version, completedAt) = (task.Version, task.CompletedAt);

        Assert.That(Report(task, new TaskReport(AgentTaskStatus.Failed, Error: "exit 1"), at: LastProvisionalMoment), Is.True);

        Assert.Multiple(() =>
        {
            Assert.That((task.Status, task.Error, task.Version, task.CompletedAt), Is.EqualTo((AgentTaskStatus.Failed, "exit 1", version + 1, completedAt)));
            Assert.That(task.ProvisionalUntil, Is.Null);
            Assert.That(((AgentTaskChanged)task.DomainEvents[^1]).Previous, Is.EqualTo(AgentTaskStatus.Completed));
        });
    }

    [Test]
    public void A_patch_to_failed_after_sixty_seconds_does_not_win()
    {
        var task = AnAgentTask.ProvisionallyCompleted();
        var version = task.Version;

        Assert.That(Report(task, new TaskReport(AgentTaskStatus.Failed), at: ProvisionalOver), Is.False);

        Assert.That((task.Status, task.Version), Is.EqualTo((AgentTaskStatus.Completed, version)));
    }

    [Test]
    public void The_status_channel_does_not_correct_itself()
    {
        var task = AnAgentTask.ProvisionallyCompleted();

        Assert.That(Report(task, new TaskReport(AgentTaskStatus.Failed), ReportOrigin.StatusChannel), Is.False);

        Assert.That((task.Status, task.IsProvisional(Now)), Is.EqualTo((AgentTaskStatus.Completed, true)));
    }

    [Test]
    public void A_patch_that_confirms_completed_ends_the_provisional_time()
    {
        var task = AnAgentTask.ProvisionallyCompleted();
        Report(task, new TaskReport(AgentTaskStatus.Completed));

        Report(task, new TaskReport(AgentTaskStatus.Failed));

        Assert.That((task.Status, task.ProvisionalUntil), Is.EqualTo((AgentTaskStatus.Completed, (DateTimeOffset?)null)));
    }

    [TestCase(AgentTaskStatus.Cancelled)]
    [TestCase(AgentTaskStatus.Running)]
    [TestCase(AgentTaskStatus.Queued)]
    [TestCase(AgentTaskStatus.WaitingInput)]
    public void A_provisional_completed_becomes_nothing_but_failed(AgentTaskStatus claimed)
    {
        var task = AnAgentTask.ProvisionallyCompleted();

        Assert.That(Report(task, new TaskReport(claimed)), Is.False);

        Assert.That(task.Status, Is.EqualTo(AgentTaskStatus.Completed));
    }

    [Test]
    public void A_task_stopped_by_a_person_stays_cancelled([Values] ReportOrigin origin, [Values] AgentTaskStatus claimed)
    {
        var task = AnAgentTask.In(AgentTaskStatus.Cancelled);

        Assert.That(Report(task, new TaskReport(claimed), origin), Is.False);

        Assert.That(task.Status, Is.EqualTo(AgentTaskStatus.Cancelled));
    }

    [TestCase(AgentTaskStatus.Completed)]
    [TestCase(AgentTaskStatus.Failed)]
    [TestCase(AgentTaskStatus.Cancelled)]
    public void A_final_task_takes_what_was_not_known_once(AgentTaskStatus final)
    {
        var task = AnAgentTask.In(final);
        var version = task.Version;

        Assert.That(Report(task, new TaskReport(AgentTaskStatus.Completed, "out", "err", "res", SomeFigures)), Is.True);
        Assert.That(Report(task, new TaskReport(AgentTaskStatus.Failed, "out 2", "err 2", "res 2", OtherFigures)), Is.False);

        Assert.Multiple(() =>
        {
            Assert.That(task.Status, Is.EqualTo(final));
            Assert.That(Figures(task), Is.EqualTo(SomeFigures));
            Assert.That((task.FinalOutput, task.Error, task.Result), Is.EqualTo(("out", "err", "res")));
            Assert.That(task.Version, Is.EqualTo(version + 1));
        });
    }

    [Test]
    public void What_a_final_task_knew_stays_and_what_it_did_not_know_is_taken()
    {
        var task = AnAgentTask.Running();
        Report(task, new TaskReport(AgentTaskStatus.Completed, Figures: new TaskFigures(CostUsd: 1m)));

        Report(task, new TaskReport(Figures: OtherFigures));

        Assert.That(Figures(task), Is.EqualTo(OtherFigures with { CostUsd = 1m }));
    }

    [Test]
    public void A_task_that_runs_takes_newer_figures()
    {
        var task = AnAgentTask.Running();
        Report(task, new TaskReport(Figures: SomeFigures));
        Report(task, new TaskReport(Figures: OtherFigures));

        Assert.That((Figures(task), task.Version), Is.EqualTo((OtherFigures, 4)));
    }

    [Test]
    public void The_patch_brings_the_true_figures_of_a_provisional_run()
    {
        var task = AnAgentTask.Running();
        Report(task, new TaskReport(AgentTaskStatus.Completed, Figures: SomeFigures), ReportOrigin.StatusChannel);

        Report(task, new TaskReport(AgentTaskStatus.Completed, Figures: OtherFigures));
        Report(task, new TaskReport(AgentTaskStatus.Completed, Figures: SomeFigures));

        Assert.That(Figures(task), Is.EqualTo(OtherFigures));
    }

    [Test]
    public void A_repeated_patch_changes_nothing_and_does_not_raise_the_version([Values] AgentTaskStatus status)
    {
        var task = AnAgentTask.Running();
        var report = new TaskReport(status == AgentTaskStatus.Queued ? null : status, "out", "err", "res", SomeFigures);
        Report(task, report);
        var (version, events) = (task.Version, task.DomainEvents.Count);

        Assert.That(Report(task, report, at: Now + TimeSpan.FromSeconds(1)), Is.False);

        Assert.That((task.Version, task.DomainEvents.Count), Is.EqualTo((version, events)));
    }

    [TestCaseSource(typeof(TaskFiguresTests), nameof(TaskFiguresTests.Violations))]
    public void Figures_out_of_bounds_are_refused_and_nothing_of_the_report_is_taken(TaskFigures figures, string name)
    {
        var task = AnAgentTask.Running();
        var version = task.Version;

        var refusal = Assert.Throws<DomainRuleException>(() => Report(task, new TaskReport(AgentTaskStatus.Completed, "out", Figures: figures)))!;

        Assert.That((refusal.Code, task.Status, task.FinalOutput, task.Version), Is.EqualTo(("invalid_figures", AgentTaskStatus.Running, (string?)null, version)));
        Assert.That(refusal.Message, Does.StartWith(name + " "));
    }

    [Test]
    public void The_final_output_is_due_a_moment_after_the_end()
    {
        var task = AnAgentTask.Running();
        Report(task, new TaskReport(AgentTaskStatus.Completed, "all of it"));

        Assert.That((task.FinalOutput, task.OutputDueAt), Is.EqualTo(("all of it", (DateTimeOffset?)(Now + AgentTask.OutputGrace))));
    }

    [Test]
    public void Output_that_is_reported_while_the_task_runs_is_due_only_after_its_end()
    {
        var task = AnAgentTask.Running();
        Report(task, new TaskReport(Output: "so far"));
        Assert.That((task.FinalOutput, task.OutputDueAt), Is.EqualTo(("so far", (DateTimeOffset?)null)));

        var end = Now + TimeSpan.FromMinutes(1);
        Report(task, new TaskReport(AgentTaskStatus.Completed), at: end);

        Assert.That(task.OutputDueAt, Is.EqualTo(end + AgentTask.OutputGrace));
    }

    [Test]
    public void Output_that_comes_after_the_end_is_due_a_moment_after_it_came()
    {
        var task = AnAgentTask.ProvisionallyCompleted();
        var late = Now + TimeSpan.FromSeconds(10);
        Report(task, new TaskReport(AgentTaskStatus.Completed, "late"), at: late);

        Assert.That(task.OutputDueAt, Is.EqualTo(late + AgentTask.OutputGrace));
    }

    [Test]
    public void Once_it_is_decided_the_output_is_not_due_again()
    {
        var task = AnAgentTask.Running();
        var report = new TaskReport(AgentTaskStatus.Completed, "all of it");
        Report(task, report);
        task.OutputDecided();

        Report(task, report);

        Assert.That((task.OutputDueAt, task.FinalOutput), Is.EqualTo(((DateTimeOffset?)null, "all of it")));
    }

    [Test]
    public void Without_a_final_output_nothing_is_due()
    {
        var task = AnAgentTask.Running();
        Report(task, new TaskReport(AgentTaskStatus.Completed, Result: "res"));

        Assert.That(task.OutputDueAt, Is.Null);
    }

    [Test]
    public void The_provisional_time_is_settled_only_when_it_is_over()
    {
        var task = AnAgentTask.ProvisionallyCompleted();

        Assert.Multiple(() =>
        {
            Assert.That(task.Settle(LastProvisionalMoment), Is.False);
            Assert.That(task.ProvisionalUntil, Is.Not.Null);
            Assert.That(task.Settle(ProvisionalOver), Is.True);
            Assert.That(task.ProvisionalUntil, Is.Null);
            Assert.That(task.Settle(ProvisionalOver), Is.False);
        });
    }

    private static bool Report(AgentTask task, TaskReport report, ReportOrigin origin = ReportOrigin.Patch, DateTimeOffset? at = null) =>
        task.Report(report, origin, at ?? Now, AnAgentTask.EventId);

    private static TaskFigures Figures(AgentTask task) => new(task.CostUsd, task.InputTokens, task.OutputTokens, task.DurationSeconds);
}
