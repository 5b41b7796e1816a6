using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Commands;

/// <summary>A person wants several tasks to be done again; those that have not ended keep none of the others from it.</summary>
public sealed record RetryTasksCommand(IReadOnlyList<string> TaskIds) : ICommand<TaskOutcomes>;

internal sealed class RetryTasksValidator : AbstractValidator<RetryTasksCommand>
{
    public RetryTasksValidator() => RuleFor(c => c.TaskIds).AreTaskIds();
}

internal sealed class RetryTasksHandler(IAgentTaskRepository tasks, TaskSteering steering) : IRequestHandler<RetryTasksCommand, TaskOutcomes>
{
    public async Task<TaskOutcomes> Handle(RetryTasksCommand command, CancellationToken cancellationToken)
    {
        var found = (await tasks.FindAllAsync(command.TaskIds, cancellationToken)).ToDictionary(task => task.TaskId);
        var outcomes = new List<TaskOutcome>();
        // In the order in which they were named: so they are queued.
        foreach (var id in command.TaskIds.Distinct())
        {
            outcomes.Add(found.TryGetValue(id, out var task) ? await RetryAsync(task, cancellationToken) : TaskOutcome.NotFound(id));
        }

        return new TaskOutcomes(outcomes);
    }

    private async Task<TaskOutcome> RetryAsync(AgentTask task, CancellationToken cancellationToken)
    {
        try
        {
            var again = await steering.RetryAsync(task, cancellationToken);
            return new TaskOutcome(task.TaskId, Ok: true, task.Status, RetriedAs: again.TaskId);
        }
        catch (DomainRuleException e)
        {
            return new TaskOutcome(task.TaskId, Ok: false, task.Status, e.Message);
        }
    }
}
