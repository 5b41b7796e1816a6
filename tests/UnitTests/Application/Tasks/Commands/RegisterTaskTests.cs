using FluentValidation;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Domain.Identity;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Application.Tasks.Commands;

public sealed class RegisterTaskTests
{
    private static readonly RegisterTaskCommand Command = new("task-1", "github", "Fix the build", ConversationId: "conv-1");

    /// <summary>What is wrong, and the field that is named.</summary>
    private static readonly (RegisterTaskCommand Command, string Field)[] Refused =
    [
        (Command with { TaskId = "" }, "TaskId"),
        (Command with { TaskId = "a/b" }, "TaskId"),
        (Command with { TaskId = new string('x', 256) }, "TaskId"),
        (Command with { Source = "" }, "Source"),
        (Command with { Source = new string('x', AgentTask.MaxKindLength + 1) }, "Source"),
        (Command with { InputMessage = null! }, "InputMessage"),
        (Command with { InputMessage = new string('x', AgentTask.MaxInputLength + 1) }, "InputMessage"),
        (Command with { AssignedAgent = new string('x', AgentTask.MaxNameLength + 1) }, "AssignedAgent"),
        (Command with { AgentType = new string('x', AgentTask.MaxKindLength + 1) }, "AgentType"),
        (Command with { SourceMetadata = new string(' ', AgentTask.MaxMetadataLength + 1) }, "SourceMetadata"),
        (Command with { FlowId = new string('x', AgentTask.MaxNameLength + 1) }, "FlowId"),
        (Command with { SessionId = "a b" }, "SessionId"),
        (Command with { ConversationId = "" }, "ConversationId"),
        (Command with { ParentTaskId = "a/b" }, "ParentTaskId"),
    ];

    private static readonly RegisterTaskCommand[] Accepted =
    [
        Command,
        Command with { TaskId = new string('x', 255) },
        Command with { Source = new string('x', AgentTask.MaxKindLength), InputMessage = "" },
        Command with { InputMessage = new string('x', AgentTask.MaxInputLength) },
        Command with { FlowId = "github:owner/repo#42" },
        Command with { SessionId = "session-1", ParentTaskId = "task-0" },
    ];

    [Test]
    public async Task A_registered_task_is_queued_and_those_who_watch_the_list_are_told()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();

        var registered = await dashboard.SendAsync(Command);

        var task = dashboard.Database.FindTask("task-1")!;
        Assert.Multiple(() =>
        {
            Assert.That(registered, Is.EqualTo(new RegisteredTask("task-1", "conv-1")));
            Assert.That((task.Status, task.AssignedAgent, task.AgentType, task.SessionId, task.UserId),
                Is.EqualTo((AgentTaskStatus.Queued, "brain", "webhook", Session.WebhookSystem, "system")));
            Assert.That(dashboard.Database.FindSession(Session.WebhookSystem)!.MachineId, Is.EqualTo("webhook"));
        });
        await dashboard.Publisher.UntilAsync(frames => frames.Any(frame => frame.Channel == "tasks") && frames.Any(frame => frame.Channel == "task:task-1"));
    }

    [Test]
    public async Task Registering_again_changes_nothing()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        await dashboard.SendAsync(Command);

        var again = await dashboard.SendAsync(Command with { Source = "jira", ConversationId = "conv-2" });

        var task = dashboard.Database.FindTask("task-1")!;
        Assert.That((again.ConversationId, task.Source, task.Version), Is.EqualTo(("conv-1", "github", 1)));
    }

    [Test]
    public async Task A_task_that_its_own_output_created_is_filled_in()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        await dashboard.SendAsync(new AppendOutputCommand("task-1", [new OutputChunk("early\n")]));

        await dashboard.SendAsync(Command with { SessionId = "session-1" });

        var task = dashboard.Database.FindTask("task-1")!;
        Assert.That((task.Source, task.SessionId, task.Status, task.Version), Is.EqualTo(("github", "session-1", AgentTaskStatus.Running, 2)));
    }

    [Test]
    public async Task A_session_is_opened_once()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        await dashboard.SendAsync(Command with { SessionId = "session-1" });
        var opened = dashboard.Database.FindSession("session-1");

        await dashboard.SendAsync(Command with { TaskId = "task-2", SessionId = "session-1" });

        Assert.That(dashboard.Database.FindSession("session-1"), Is.SameAs(opened));
        Assert.That(dashboard.Database.FindTask("task-2")!.UserId, Is.EqualTo(opened!.UserId));
    }

    [Test]
    public async Task Of_many_who_register_the_same_task_at_once_one_creates_it()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => dashboard.SendAsync(Command)))).InTime();

        Assert.That(answers, Is.All.EqualTo(new RegisteredTask("task-1", "conv-1")));
        Assert.That(dashboard.Database.FindTask("task-1")!.Version, Is.EqualTo(1));
    }

    [Test]
    public async Task What_cannot_be_stored_is_replaced()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();

        await dashboard.SendAsync(Command with { InputMessage = "a\0b\uD800", AssignedAgent = "c\0" });

        var task = dashboard.Database.FindTask("task-1")!;
        Assert.That((task.InputMessage, task.AssignedAgent), Is.EqualTo(("a\uFFFDb\uFFFD", "c\uFFFD")));
    }

    [TestCaseSource(nameof(Refused))]
    public async Task What_is_out_of_bounds_is_refused_by_name((RegisterTaskCommand Command, string Field) refused)
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();

        var refusal = Assert.ThrowsAsync<ValidationException>(() => dashboard.SendAsync(refused.Command))!;

        Assert.That(refusal.Errors.Select(error => error.PropertyName), Is.All.EqualTo(refused.Field));
        Assert.That(dashboard.Database.Tasks, Is.Empty);
    }

    [TestCaseSource(nameof(Accepted))]
    public void What_is_within_its_bounds_is_fine(RegisterTaskCommand command) =>
        Assert.That(new RegisterTaskValidator().Validate(command).Errors, Is.Empty);
}
