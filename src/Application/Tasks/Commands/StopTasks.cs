using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Commands;

/// <summary>A person stops several tasks; those that cannot be stopped keep none of the others from it.</summary>
public sealed record StopTasksCommand(IReadOnlyList<string> TaskIds) : ICommand<TaskOutcomes>;

internal sealed class StopTasksValidator : AbstractValidator<StopTasksCommand>
{
    public StopTasksValidator() => RuleFor(c => c.TaskIds).AreTaskIds();
}

internal sealed class StopTasksHandler(IAgentTaskRepository tasks, TaskSteering steering) : IRequestHandler<StopTasksCommand, TaskOutcomes>
{
    public async Task<TaskOutcomes> Handle(StopTasksCommand command, CancellationToken cancellationToken)
    {
        var found = await tasks.FindAllAsync(command.TaskIds, cancellationToken);
        var outcomes = new Dictionary<string, TaskOutcome>();
        foreach (var task in found)
        {
            outcomes[task.TaskId] = await steering.StopAsync(task, cancellationToken)
                ? new TaskOutcome(task.TaskId, Ok: true, task.Status)
                : new TaskOutcome(task.TaskId, Ok: false, task.Status, $"Cannot stop task in status: {task.Status.Name()}");
        }

        return new TaskOutcomes([.. command.TaskIds.Distinct().Select(id => outcomes.GetValueOrDefault(id) ?? TaskOutcome.NotFound(id))]);
    }
}
