using GrooteDashboard.Application.Budgets;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations;
using GrooteDashboard.Application.Conversations.Ports;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Tasks;

/// <summary>What a person does to one task, wherever it is asked for: alone or together with others.</summary>
internal sealed class TaskSteering(
    IAgentTaskRepository tasks, IConversationReader conversations, IAgentOutbox agents, ConversationBook book, BudgetGate budgets, TimeProvider time, IEventIds ids)
{
    /// <summary>Cancels a task and has the engine told.</summary>
    /// <returns>False where it had ended before; then nothing changes.</returns>
    public async Task<bool> StopAsync(AgentTask task, CancellationToken cancellationToken)
    {
        if (task.Status.IsFinal())
        {
            return false;
        }

        var before = task.Totals;
        var nobodyHasIt = task.Status == AgentTaskStatus.Queued && await agents.WithdrawAsync(task.TaskId, cancellationToken);
        var stopped = task.Stop(time.GetUtcNow(), ids.Next(), confirmed: nobodyHasIt);
        await book.EnterAsync(task, before, cancellationToken);
        agents.Add(AgentNotice.Stop(task.TaskId));
        return stopped;
    }

    /// <summary>Queues a new task of the same words, whose parent is this one.</summary>
    /// <exception cref="DomainRuleException">It has not ended; or it is a task of a chat, and a budget that stops chat is spent.</exception>
    public async Task<AgentTask> RetryAsync(AgentTask task, CancellationToken cancellationToken)
    {
        if (!task.Status.IsFinal())
        {
            throw new DomainRuleException("not_ended", $"A task that is {task.Status.Name()} has not ended: it cannot be done again.");
        }

        if (task.Source == AgentTask.DashboardSource)
        {
            (await budgets.LookAsync(cancellationToken)).Require(task.AssignedAgent, task.Source);
        }

        var now = time.GetUtcNow();
        var again = AgentTask.Register(
            NewId.ForTask(now),
            new TaskRegistration(
                task.Source,
                task.InputMessage,
                task.SessionId,
                task.UserId,
                task.AssignedAgent,
                task.AgentType,
                task.SourceMetadata,
                task.ConversationId,
                task.FlowId,
                ParentTaskId: task.TaskId),
            now,
            ids.Next());
        tasks.Add(again);
        var context = task.ConversationId is { } conversationId
            ? await ChatContext.ReadAsync(conversations, conversationId, cancellationToken)
            : ChatContext.None;
        agents.Add(new AgentNotice(AgentNoticeKind.Work, again.TaskId, AgentMessages.Work(again, context.Before(again.InputMessage))));
        return again;
    }
}
