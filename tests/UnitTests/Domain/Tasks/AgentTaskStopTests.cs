using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Domain.Tasks;

public sealed class AgentTaskStopTests
{
    private static readonly DateTimeOffset Later = ManualTime.Start.AddMinutes(1);

    [TestCase(AgentTaskStatus.Queued)]
    [TestCase(AgentTaskStatus.Running)]
    [TestCase(AgentTaskStatus.WaitingInput)]
    public void What_has_not_ended_is_stopped_and_waits_for_the_engine(AgentTaskStatus status)
    {
        var task = AnAgentTask.In(status);

        Assert.That(task.Stop(Later, "evt-1", confirmed: false), Is.True);
        Assert.That((task.Status, task.CompletedAt, task.IsStopUnconfirmed), Is.EqualTo((AgentTaskStatus.Cancelled, (DateTimeOffset?)Later, true)));
    }

    [TestCase(AgentTaskStatus.Completed)]
    [TestCase(AgentTaskStatus.Failed)]
    [TestCase(AgentTaskStatus.Cancelled)]
    public void What_has_ended_is_not_stopped(AgentTaskStatus status)
    {
        var task = AnAgentTask.In(status);
        var version = task.Version;

        Assert.That(task.Stop(Later, "evt-1", confirmed: false), Is.False);
        Assert.That((task.Status, task.StopRequestedAt, task.Version), Is.EqualTo((status, (DateTimeOffset?)null, version)));
    }

    [TestCase(AgentTaskStatus.Completed, true)]
    [TestCase(AgentTaskStatus.Failed, true)]
    [TestCase(AgentTaskStatus.Cancelled, true)]
    [TestCase(AgentTaskStatus.Running, false)]
    [TestCase(AgentTaskStatus.WaitingInput, false)]
    public void The_engine_confirms_by_any_end_and_revives_nothing(AgentTaskStatus reported, bool confirmed)
    {
        var task = AnAgentTask.Running();
        task.Stop(Later, "evt-1", confirmed: false);

        task.Report(new TaskReport(reported), ReportOrigin.Patch, Later.AddSeconds(1), AnAgentTask.EventId);

        Assert.That((task.Status, task.IsStopUnconfirmed), Is.EqualTo((AgentTaskStatus.Cancelled, !confirmed)));
    }

    [Test]
    public void A_stop_is_confirmed_once()
    {
        var task = AnAgentTask.Queued();
        task.Stop(Later, "evt-1", confirmed: false);

        Assert.That(task.ConfirmStop(Later.AddSeconds(1), "evt-2"), Is.True);
        Assert.That(task.ConfirmStop(Later.AddSeconds(2), "evt-3"), Is.False);
        Assert.That(task.StopConfirmedAt, Is.EqualTo(Later.AddSeconds(1)));
    }

    [Test]
    public void A_run_comes_to_nothing_before_its_end_and_where_there_was_none()
    {
        Assert.That(AnAgentTask.Running().Totals, Is.EqualTo(RunTotals.None));
        var queued = AnAgentTask.Queued();
        queued.Stop(Later, "evt-1", confirmed: true);
        Assert.That(queued.Totals, Is.EqualTo(RunTotals.None));

        var running = AnAgentTask.Running();
        running.Stop(Later, "evt-1", confirmed: false);
        running.Report(new TaskReport(AgentTaskStatus.Cancelled, Figures: new TaskFigures(0.5m)), ReportOrigin.Patch, Later, AnAgentTask.EventId);
        Assert.That(running.Totals, Is.EqualTo(new RunTotals(1, 0.5m, 60, ManualTime.Start, Later)));
    }
}
