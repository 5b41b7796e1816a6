using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Commands;

/// <summary>
/// A person stops a task: it is cancelled at once, and the engine is told. Until that has said that it ended, or the task was taken out of its queue,
/// the stop is not confirmed. Null where there is no such task.
/// </summary>
public sealed record StopTaskCommand(string TaskId) : ICommand<StoppedTask?>;

/// <param name="TaskId">The task.</param>
/// <param name="Stopped">Whether it was stopped now; false where it had ended before.</param>
/// <param name="Status">Its status.</param>
/// <param name="Confirmed">Whether it is certain that nothing runs any more.</param>
/// <param name="RequestedAt">Since when it is being stopped; null where nobody stopped it.</param>
/// <param name="WaitingSeconds">For how long the engine has not confirmed; null where it has, or where nobody stopped the task.</param>
public sealed record StoppedTask(
    string TaskId, bool Stopped, AgentTaskStatus Status, bool Confirmed, DateTimeOffset? RequestedAt, double? WaitingSeconds);

internal sealed class StopTaskValidator : AbstractValidator<StopTaskCommand>
{
    public StopTaskValidator() =>
        RuleFor(c => c.TaskId).Must(id => Identifier.IsValid(id)).WithName("task_id").WithMessage("task_id is not a valid id.");
}

internal sealed class StopTaskHandler(IAgentTaskRepository tasks, TaskSteering steering, TimeProvider time) : IRequestHandler<StopTaskCommand, StoppedTask?>
{
    public async Task<StoppedTask?> Handle(StopTaskCommand command, CancellationToken cancellationToken)
    {
        if (await tasks.FindAsync(command.TaskId, cancellationToken) is not { } task)
        {
            return null;
        }

        // First, so that a stop of this moment has waited for no time.
        var now = time.GetUtcNow();
        var stopped = await steering.StopAsync(task, cancellationToken);
        return new StoppedTask(
            task.TaskId,
            stopped,
            task.Status,
            Confirmed: task.Status.IsFinal() && !task.IsStopUnconfirmed,
            task.StopRequestedAt,
            task.IsStopUnconfirmed ? Math.Max(0, (now - task.StopRequestedAt!.Value).TotalSeconds) : null);
    }
}
