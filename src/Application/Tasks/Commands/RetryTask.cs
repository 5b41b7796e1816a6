using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations;
using GrooteDashboard.Application.Conversations.Ports;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Commands;

/// <summary>A person wants a task that has ended to be done again: a new task of the same words, whose parent is the first. Null where there is no such task.</summary>
public sealed record RetryTaskCommand(string TaskId) : ICommand<RetriedTask?>;

/// <param name="TaskId">The new task.</param>
/// <param name="ParentTaskId">The one that it repeats.</param>
/// <param name="ConversationId">Their conversation.</param>
public sealed record RetriedTask(string TaskId, string ParentTaskId, string? ConversationId);

internal sealed class RetryTaskValidator : AbstractValidator<RetryTaskCommand>
{
    public RetryTaskValidator() =>
        RuleFor(c => c.TaskId).Must(id => Identifier.IsValid(id)).WithName("task_id").WithMessage("task_id is not a valid id.");
}

internal sealed class RetryTaskHandler(
    IAgentTaskRepository tasks, IConversationReader conversations, IAgentOutbox agents, TimeProvider time, IEventIds ids)
    : IRequestHandler<RetryTaskCommand, RetriedTask?>
{
    public async Task<RetriedTask?> Handle(RetryTaskCommand command, CancellationToken cancellationToken)
    {
        if (await tasks.FindAsync(command.TaskId, cancellationToken) is not { } task)
        {
            return null;
        }

        if (!task.Status.IsFinal())
        {
            throw new DomainRuleException("not_ended", $"A task that is {task.Status.Name()} has not ended: it cannot be done again.");
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
        return new RetriedTask(again.TaskId, task.TaskId, again.ConversationId);
    }
}
