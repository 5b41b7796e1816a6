using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Common;
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

internal sealed class RetryTaskHandler(IAgentTaskRepository tasks, TaskSteering steering) : IRequestHandler<RetryTaskCommand, RetriedTask?>
{
    public async Task<RetriedTask?> Handle(RetryTaskCommand command, CancellationToken cancellationToken)
    {
        if (await tasks.FindAsync(command.TaskId, cancellationToken) is not { } task)
        {
            return null;
        }

        var again = await steering.RetryAsync(task, cancellationToken);
        return new RetriedTask(again.TaskId, task.TaskId, again.ConversationId);
    }
}
