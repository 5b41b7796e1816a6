using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Identity;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Domain.Tasks;

public sealed class AgentTaskTests
{
    private static readonly DateTimeOffset Later = ManualTime.Start + TimeSpan.FromSeconds(7);

    [Test]
    public void A_registered_task_is_queued_and_says_so()
    {
        var task = AnAgentTask.Queued();

        Assert.Multiple(() =>
        {
            Assert.That(task.Status, Is.EqualTo(AgentTaskStatus.Queued));
            Assert.That(task.Version, Is.EqualTo(1));
            Assert.That((task.Source, task.InputMessage, task.AssignedAgent, task.AgentType), Is.EqualTo(("github", "Fix the build", "coder", "planning")));
            Assert.That((task.SessionId, task.UserId, task.ConversationId, task.FlowId, task.ParentTaskId),
                Is.EqualTo(("session-1", "anna", "conv-1", "github:o/r#7", "task-0")));
            Assert.That(task.CreatedAt, Is.EqualTo(ManualTime.Start));
            Assert.That((task.StartedAt, task.CompletedAt), Is.EqualTo(((DateTimeOffset?)null, (DateTimeOffset?)null)));
            Assert.That(task.DomainEvents, Is.EqualTo(
                new[] { new AgentTaskChanged("evt-0", ManualTime.Start, task, AgentTaskStatus.Queued, null, 1) }));
        });
    }

    [Test]
    public void A_task_that_is_known_by_its_output_runs_and_its_source_is_unknown()
    {
        var task = AgentTask.FromOutput("task-9", ManualTime.Start, "evt-1");

        Assert.Multiple(() =>
        {
            Assert.That(task.Status, Is.EqualTo(AgentTaskStatus.Running));
            Assert.That(task.StartedAt, Is.EqualTo(ManualTime.Start));
            Assert.That((task.Source, task.SessionId), Is.EqualTo((AgentTask.UnknownSource, Session.Unregistered)));
            Assert.That(task.DomainEvents, Is.EqualTo(
                new[] { new AgentTaskChanged("evt-1", ManualTime.Start, task, AgentTaskStatus.Running, null, 1) }));
        });
    }

    [TestCase("")]
    [TestCase("a/b")]
    [TestCase("..")]
    public void A_task_of_an_invalid_id_is_refused(string id) => Assert.Multiple(() =>
    {
        Assert.That(() => AgentTask.Register(id, AnAgentTask.Registration, ManualTime.Start, "evt"), Throws.InstanceOf<DomainRuleException>());
        Assert.That(() => AgentTask.FromOutput(id, ManualTime.Start, "evt"), Throws.InstanceOf<DomainRuleException>());
    });

    [Test]
    public void Registering_fills_in_what_the_output_did_not_know_and_leaves_the_run_as_it_is()
    {
        var task = AgentTask.FromOutput(AnAgentTask.Id, ManualTime.Start, "evt-1");

        Assert.That(task.FillIn(AnAgentTask.Registration, Later, "evt-2"), Is.True);

        Assert.Multiple(() =>
        {
            Assert.That((task.Source, task.SessionId, task.UserId, task.AssignedAgent), Is.EqualTo(("github", "session-1", "anna", "coder")));
            Assert.That((task.Status, task.CreatedAt, task.Version), Is.EqualTo((AgentTaskStatus.Running, ManualTime.Start, 2)));
            Assert.That(task.DomainEvents[^1], Is.EqualTo(new AgentTaskChanged("evt-2", Later, task, AgentTaskStatus.Running, null, 2)));
        });
    }

    [Test]
    public void A_registered_task_keeps_what_it_has()
    {
        var task = AnAgentTask.Queued();

        Assert.That(task.FillIn(AnAgentTask.Registration with { Source = "jira", InputMessage = "else" }, Later, "evt-2"), Is.False);

        Assert.That((task.Source, task.InputMessage, task.Version, task.DomainEvents.Count), Is.EqualTo(("github", "Fix the build", 1, 1)));
    }

    [Test]
    public void A_later_registration_fills_in_what_an_earlier_one_left_out()
    {
        var sparse = new TaskRegistration(AgentTask.UnknownSource, "", "session-1", "anna", AssignedAgent: null, AgentType: AgentTask.UnknownSource);
        var task = AgentTask.Register(AnAgentTask.Id, sparse, ManualTime.Start, "evt-1");

        Assert.That(task.FillIn(AnAgentTask.Registration with { SessionId = "session-2", UserId = "ben" }, Later, "evt-2"), Is.True);

        Assert.Multiple(() =>
        {
            Assert.That((task.Source, task.InputMessage, task.AssignedAgent, task.AgentType), Is.EqualTo(("github", "Fix the build", "coder", "planning")));
            Assert.That((task.ConversationId, task.FlowId, task.ParentTaskId, task.SourceMetadata), Is.EqualTo(("conv-1", "github:o/r#7", "task-0", """{"pr":7}""")));
            Assert.That((task.SessionId, task.UserId, task.Version), Is.EqualTo(("session-1", "anna", 2)), "the session was known");
        });
    }

    [Test]
    public void Filling_in_twice_changes_nothing_the_second_time_whatever_the_source_is_called()
    {
        var task = AgentTask.FromOutput(AnAgentTask.Id, ManualTime.Start, "evt-1");
        var registration = AnAgentTask.Registration with { Source = AgentTask.UnknownSource };
        task.FillIn(registration, Later, "evt-2");

        Assert.That(task.FillIn(registration, Later, "evt-3"), Is.False);
    }

    [Test]
    public void The_start_is_the_first_time_that_it_ran()
    {
        var task = AnAgentTask.Queued();
        task.TransitionTo(AgentTaskStatus.Running, ManualTime.Start, "evt-1");
        task.TransitionTo(AgentTaskStatus.WaitingInput, Later, "evt-2");
        task.TransitionTo(AgentTaskStatus.Running, Later, "evt-3");

        Assert.That(task.StartedAt, Is.EqualTo(ManualTime.Start));
    }

    [TestCase(AgentTaskStatus.Completed)]
    [TestCase(AgentTaskStatus.Failed)]
    [TestCase(AgentTaskStatus.Cancelled)]
    public void The_end_is_the_moment_at_which_it_became_final(AgentTaskStatus status)
    {
        var task = AnAgentTask.Running();
        task.TransitionTo(status, Later, "evt-2");

        Assert.That(task.CompletedAt, Is.EqualTo(Later));
    }

    [TestCaseSource(typeof(AgentTaskLifecycleTests), nameof(AgentTaskLifecycleTests.Pairs))]
    public void A_task_moves_only_as_the_table_allows(AgentTaskStatus from, AgentTaskStatus to, bool legal)
    {
        var task = AnAgentTask.In(from);
        var version = task.Version;

        if (legal)
        {
            task.TransitionTo(to, Later, "evt-x");
            Assert.That((task.Status, task.Version), Is.EqualTo((to, version + 1)));
            Assert.That(task.DomainEvents[^1], Is.EqualTo(new AgentTaskChanged("evt-x", Later, task, to, from, version + 1)));
        }
        else
        {
            var refusal = Assert.Throws<DomainRuleException>(() => task.TransitionTo(to, Later, "evt-x"))!;
            Assert.That((refusal.Code, task.Status, task.Version), Is.EqualTo(("illegal_transition", from, version)));
        }
    }
}
