using GrooteDashboard.Application.Budgets.Commands;
using GrooteDashboard.Application.Budgets.Contracts;
using GrooteDashboard.Application.Conversations.Commands;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Domain.Budgets;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Application.Budgets;

/// <summary>Chat, where a budget may stop it.</summary>
public sealed class BudgetGateTests
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    [Test]
    public async Task A_budget_that_is_spent_stops_what_it_covers_and_nothing_is_written()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        var executor = await dashboard.SendAsync(new CreateConversationCommand("a talk", AgentType: "executor"));
        var brain = await dashboard.SendAsync(new CreateConversationCommand("a talk"));
        var sent = (await dashboard.SendAsync(new SendMessageCommand("Fix it", ConversationId: brain.ConversationId, MessageId: "msg-mine")))!;
        await dashboard.SendAsync(new StopTaskCommand(sent.TaskId));
        var tasks = dashboard.Database.Tasks.Count;
        await SetAsync(dashboard, BudgetAction.BlockChat);
        dashboard.Get<NoAnalytics>().Costs["brain"] = 50;
        dashboard.Time.Advance(Window);

        var refusal = Assert.ThrowsAsync<DomainRuleException>(() => dashboard.SendAsync(new SendMessageCommand("Fix it", ConversationId: brain.ConversationId)))!;
        Assert.ThrowsAsync<DomainRuleException>(() => dashboard.SendAsync(new SendMessageCommand("Fix it")));
        Assert.ThrowsAsync<DomainRuleException>(() => dashboard.SendAsync(new SendMessageCommand("Fix it", AgentType: "brain")));
        Assert.ThrowsAsync<DomainRuleException>(() => dashboard.SendAsync(new RetryTaskCommand(sent.TaskId)));
        var outcomes = await dashboard.SendAsync(new RetryTasksCommand([sent.TaskId]));

        Assert.Multiple(() =>
        {
            Assert.That((refusal.Code, refusal.Message), Is.EqualTo((
                "budget_exceeded",
                "The budget “Brain” of $50 per day is spent. Chat goes on when it begins anew, at 2026-11-21 00:00 (Europe/Berlin).")));
            Assert.That(outcomes.Results.Select(outcome => (outcome.Ok, outcome.Detail)), Is.EqualTo(new[] { (false, refusal.Message) }));
            Assert.That(dashboard.Database.Tasks, Has.Count.EqualTo(tasks));
            Assert.That(dashboard.Database.MessagesOf(brain.ConversationId), Has.Count.EqualTo(1));
        });

        // What was said before is still known, other agents go on, and so does everything when the amount is raised.
        Assert.That(await dashboard.SendAsync(new SendMessageCommand("Fix it", ConversationId: brain.ConversationId, MessageId: "msg-mine")), Is.EqualTo(sent));
        Assert.That(await dashboard.SendAsync(new SendMessageCommand("Fix it", ConversationId: executor.ConversationId)), Is.Not.Null);
        var budget = (await dashboard.Budgets.ListAsync(CancellationToken.None))[0];
        await dashboard.SendAsync(new UpdateBudgetCommand(budget.BudgetId, Terms(BudgetAction.BlockChat) with { AmountUsd = 51 }));
        dashboard.Time.Advance(Window);
        Assert.That(await dashboard.SendAsync(new SendMessageCommand("Fix it", ConversationId: brain.ConversationId)), Is.Not.Null);
    }

    [Test]
    public async Task A_task_of_another_source_may_be_done_again()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        await dashboard.SendAsync(new RegisterTaskCommand("task-1", "github", "Fix it", AssignedAgent: "brain"));
        await dashboard.SendAsync(new ReportTaskCommand("task-1", new TaskReport(AgentTaskStatus.Failed), ReportOrigin.Patch, CreateMissing: false));
        await SetAsync(dashboard, BudgetAction.BlockChat);
        dashboard.Get<NoAnalytics>().Costs["brain"] = 50;

        Assert.That((await dashboard.SendAsync(new RetryTaskCommand("task-1")))!.ParentTaskId, Is.EqualTo("task-1"));
    }

    [Test]
    public async Task It_looks_once_per_second_and_at_no_figures_where_nothing_may_stop_chat()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        await SetAsync(dashboard, BudgetAction.Notify);
        var figures = dashboard.Get<NoAnalytics>();
        figures.Costs["brain"] = 5_000;
        var (looks, questions) = (dashboard.Budgets.Looks, figures.Questions);

        for (var i = 0; i < 20; i++)
        {
            await dashboard.SendAsync(new SendMessageCommand("Fix it"));
        }

        Assert.That((dashboard.Budgets.Looks - looks, figures.Questions - questions), Is.EqualTo((1, 0)));
        dashboard.Time.Advance(Window);
        await dashboard.SendAsync(new SendMessageCommand("Fix it"));
        Assert.That(dashboard.Budgets.Looks - looks, Is.EqualTo(2));
    }

    private static BudgetTerms Terms(BudgetAction action) => new("Brain", 50, BudgetPeriod.Day, "Europe/Berlin", BudgetScope.Agent, "brain", [50, 80], action);

    private static Task<BudgetSummary> SetAsync(EmbeddedDashboard dashboard, BudgetAction action) => dashboard.SendAsync(new CreateBudgetCommand(Terms(action)));
}
