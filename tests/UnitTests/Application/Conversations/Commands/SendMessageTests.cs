using GrooteDashboard.Application.Conversations.Commands;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Application.Conversations.Commands;

/// <summary>Chat in a host without PostgreSQL and Redis.</summary>
public sealed class SendMessageTests
{
    [Test]
    public async Task A_talk_runs_in_any_host()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        var conversation = await dashboard.SendAsync(new CreateConversationCommand("a talk", AgentType: "coder"));
        var sent = (await dashboard.SendAsync(new SendMessageCommand("Fix it", ConversationId: conversation.ConversationId)))!;
        await dashboard.SendAsync(new ReportTaskCommand(
            sent.TaskId, new TaskReport(AgentTaskStatus.Completed, Figures: new TaskFigures(0.5m, DurationSeconds: 2)), ReportOrigin.Patch, CreateMissing: false));
        await dashboard.SendAsync(new AddMessageCommand(conversation.ConversationId, "assistant", "Fixed", sent.TaskId));

        var after = dashboard.Database.FindConversation(conversation.ConversationId)!;
        Assert.Multiple(() =>
        {
            Assert.That((after.MessageCount, after.TotalTasks, after.TotalCostUsd, after.TotalDurationSeconds), Is.EqualTo((2, 1, 0.5m, 2d)));
            Assert.That(dashboard.Database.FindTask(sent.TaskId)!.AssignedAgent, Is.EqualTo("coder"));
            Assert.That(dashboard.Database.Notices.Select(notice => (notice.Kind, notice.TaskId)), Is.EqualTo(new[] { (AgentNoticeKind.Work, sent.TaskId) }));
        });
    }

    [Test]
    public async Task To_an_unknown_conversation_nothing_is_said()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();

        Assert.That(await dashboard.SendAsync(new SendMessageCommand("Fix it", ConversationId: "conv-none")), Is.Null);
        Assert.That(dashboard.Database.Tasks, Is.Empty);
        Assert.That(dashboard.Database.FindSession(SendMessageCommand.DefaultSession), Is.Null);
    }

    [Test]
    public async Task What_is_sent_again_under_its_id_is_not_said_twice([Values] bool inAConversation)
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        var conversationId = inAConversation ? (await dashboard.SendAsync(new CreateConversationCommand("a talk"))).ConversationId : null;
        var command = new SendMessageCommand("Fix it", ConversationId: conversationId, MessageId: "msg-mine");

        var first = await dashboard.SendAsync(command);
        var again = await dashboard.SendAsync(command);

        Assert.That(again, Is.EqualTo(first));
        Assert.That(first!.MessageId, Is.EqualTo("msg-mine"));
        Assert.That((dashboard.Database.Tasks.Count, dashboard.Database.Conversations.Count, dashboard.Database.Notices.Count), Is.EqualTo((1, 1, 1)));
    }

    [Test]
    public async Task The_id_of_somebody_elses_message_is_refused()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        await dashboard.SendAsync(new SendMessageCommand("Fix it", MessageId: "msg-taken"));
        var other = await dashboard.SendAsync(new CreateConversationCommand("another talk"));

        Assert.That(
            () => dashboard.SendAsync(new SendMessageCommand("Fix it", ConversationId: other.ConversationId, MessageId: "msg-taken")),
            Throws.TypeOf<DomainRuleException>().With.Property(nameof(DomainRuleException.Code)).EqualTo("message_id_taken"));
    }

    [Test]
    public async Task Work_that_nobody_has_yet_is_taken_back_and_what_an_engine_has_is_stopped([Values] bool delivered)
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        var sent = (await dashboard.SendAsync(new SendMessageCommand("Fix it")))!;
        if (delivered)
        {
            dashboard.Database.DeliverNotices();
        }

        var stopped = (await dashboard.SendAsync(new StopTaskCommand(sent.TaskId)))!;

        Assert.That((stopped.Stopped, stopped.Status, stopped.Confirmed), Is.EqualTo((true, AgentTaskStatus.Cancelled, !delivered)));
        Assert.That(dashboard.Database.Notices.Select(notice => notice.Kind), Is.EqualTo(new[] { AgentNoticeKind.Stop }));
    }
}
