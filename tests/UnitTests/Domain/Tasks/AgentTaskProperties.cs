using FsCheck;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Domain.Tasks;

/// <summary>Whatever is reported, in whatever order and at whatever time.</summary>
public sealed class AgentTaskProperties
{
    private static readonly Gen<TaskFigures?> AnyFigures =
        from cost in Gen.Elements<decimal?>(null, 0m, 1.5m, -1m, 2_000_000m)
        from tokens in Gen.Elements<long?>(null, 0, 70, -1)
        from seconds in Gen.Elements<double?>(null, 0, 3.5, double.NaN)
        from any in Gen.Elements(false, true)
        select any ? new TaskFigures(cost, tokens, tokens, seconds) : null;

    private static readonly Gen<Step> AnyStep = Gen.Frequency(
        Tuple.Create(
            6,
            from status in Gen.Elements<AgentTaskStatus?>([null, .. Enum.GetValues<AgentTaskStatus>()])
            from output in Gen.Elements(null, "", "a", "b")
            from error in Gen.Elements(null, "e", "f")
            from figures in AnyFigures
            from origin in Gen.Elements(Enum.GetValues<ReportOrigin>())
            select (Step)new Reported(new TaskReport(status, output, error, null, figures), origin)),
        Tuple.Create(1, Gen.Elements(0.5, 2, 59, 61).Select(seconds => (Step)new Passed(seconds))),
        Tuple.Create(1, Gen.Elements(Enum.GetValues<AgentTaskStatus>()).Select(status => (Step)new Moved(status))),
        Tuple.Create(1, Gen.Elements<Step>(new Settled(), new Registered(), new Decided())));

    private static readonly Arbitrary<Story> AnyStory = Arb.From(
        from fromOutput in Gen.Elements(false, true)
        from steps in Gen.ListOf(AnyStep)
        select new Story(fromOutput, [.. steps]),
        // Without one of its steps: the shortest story that fails is the one that is shown.
        story => story.Steps.Select((_, i) => story with { Steps = [.. story.Steps.Where((_, j) => j != i)] }));

    [Test]
    public void A_final_status_stays_except_a_provisional_completed_that_failed() => Check((before, step, after, now) =>
    {
        if (before.Status.IsFinal() && after.Status != before.Status)
        {
            Assert.That((before.Status, after.Status), Is.EqualTo((AgentTaskStatus.Completed, AgentTaskStatus.Failed)));
            Assert.That(before.ProvisionalUntil > now, "the provisional time was over");
            Assert.That(step, Is.InstanceOf<Reported>().With.Property(nameof(Reported.Origin)).Not.EqualTo(ReportOrigin.StatusChannel));
        }
    });

    [Test]
    public void The_version_grows_by_one_with_every_event() => Check((before, _, after, _) =>
        Assert.That(after.Version - before.Version, Is.EqualTo(after.Events.Count - before.Events.Count)));

    [Test]
    public void What_is_said_of_a_task_changes_only_with_an_event() => Check((before, step, after, _) =>
        Assert.That(after.Said.Equals(before.Said), Is.EqualTo(after.Version == before.Version), step.ToString()));

    [Test]
    public void Every_event_goes_on_where_the_one_before_ended() => Check((before, _, after, _) =>
    {
        var status = before.Status;
        foreach (var change in after.Events.Skip(before.Events.Count))
        {
            Assert.That(change.Previous is null ? change.Status : change.Previous, Is.EqualTo(status));
            var legal = change.Previous is not { } previous
                || AgentTaskLifecycle.CanTransition(previous, change.Status)
                || (previous, change.Status) == (AgentTaskStatus.Completed, AgentTaskStatus.Failed);
            Assert.That(legal, $"{change.Previous} → {change.Status}");
            status = change.Status;
        }

        Assert.That(after.Status, Is.EqualTo(status));
    });

    [Test]
    public void A_final_task_has_an_end_and_no_other_has() => Check((_, _, after, _) =>
        Assert.That(after.CompletedAt is not null, Is.EqualTo(after.Status.IsFinal())));

    [Test]
    public void Figures_stay_within_their_bounds() => Check((_, _, after, _) => Assert.That(after.Figures.Violation(), Is.Null));

    [Test]
    public void Output_is_due_only_when_there_is_one_and_the_task_is_final() => Check((_, _, after, _) =>
        Assert.That(after.OutputDueAt is null || (after.FinalOutput is not null && after.Status.IsFinal())));

    private static void Check(Action<Seen, Step, Seen, DateTimeOffset> holds) => Prop.ForAll(AnyStory, story =>
    {
        var now = ManualTime.Start;
        var task = story.FromOutput ? AgentTask.FromOutput(AnAgentTask.Id, now, "evt") : AnAgentTask.Queued();
        foreach (var step in story.Steps)
        {
            var before = Seen.Of(task);
            now = Take(task, step, now);
            holds(before, step, Seen.Of(task), now);
        }
    }).Check(new Configuration { MaxNbOfTest = 400, EndSize = 40, Runner = Config.QuickThrowOnFailure.Runner });

    private static DateTimeOffset Take(AgentTask task, Step step, DateTimeOffset now)
    {
        try
        {
            switch (step)
            {
                case Reported reported:
                    var version = task.Version;
                    var changed = task.Report(reported.Report, reported.Origin, now, AnAgentTask.EventId);
                    Assert.That(changed, Is.EqualTo(task.Version > version), "a report says whether it changed anything");
                    break;
                case Passed passed:
                    return now + TimeSpan.FromSeconds(passed.Seconds);
                case Moved moved:
                    task.TransitionTo(moved.Status, now, AnAgentTask.EventId());
                    break;
                case Settled:
                    task.Settle(now);
                    break;
                case Registered:
                    task.FillIn(AnAgentTask.Registration, now, AnAgentTask.EventId());
                    break;
                case Decided:
                    task.OutputDecided();
                    break;
            }
        }
        catch (DomainRuleException)
        {
            // Refused. The properties see to it that a refusal leaves nothing behind.
        }

        return now;
    }

    private abstract record Step;

    private sealed record Reported(TaskReport Report, ReportOrigin Origin) : Step;

    private sealed record Passed(double Seconds) : Step;

    private sealed record Moved(AgentTaskStatus Status) : Step;

    private sealed record Settled : Step;

    private sealed record Registered : Step;

    private sealed record Decided : Step;

    private sealed record Story(bool FromOutput, IReadOnlyList<Step> Steps)
    {
        public override string ToString() => $"{(FromOutput ? "unregistered" : "registered")}: {string.Join("; ", Steps)}";
    }

    /// <summary>A task as it was at one moment.</summary>
    private sealed record Seen(
        AgentTaskStatus Status,
        int Version,
        DateTimeOffset? ProvisionalUntil,
        DateTimeOffset? OutputDueAt,
        DateTimeOffset? CompletedAt,
        string? FinalOutput,
        TaskFigures Figures,
        object Said,
        IReadOnlyList<AgentTaskChanged> Events)
    {
        public static Seen Of(AgentTask task)
        {
            var figures = new TaskFigures(task.CostUsd, task.InputTokens, task.OutputTokens, task.DurationSeconds);
            return new Seen(
                task.Status, task.Version, task.ProvisionalUntil, task.OutputDueAt, task.CompletedAt, task.FinalOutput, figures,
                (task.Status, figures, task.Error, task.Result, task.FinalOutput, task.StartedAt, task.CompletedAt, task.Source, task.SessionId).ToString(),
                [.. task.DomainEvents.Cast<AgentTaskChanged>()]);
        }
    }
}
