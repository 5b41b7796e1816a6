using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Common;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Commands;

/// <summary>A task that was stopped has left the engine's queue before anybody began with it.</summary>
/// <returns>Whether that was news.</returns>
public sealed record ConfirmStopCommand(string TaskId) : ICommand<bool>;

internal sealed class ConfirmStopValidator : AbstractValidator<ConfirmStopCommand>
{
    public ConfirmStopValidator() =>
        RuleFor(c => c.TaskId).Must(id => Identifier.IsValid(id)).WithName("task_id").WithMessage("task_id is not a valid id.");
}

internal sealed class ConfirmStopHandler(IAgentTaskRepository tasks, TimeProvider time, IEventIds ids) : IRequestHandler<ConfirmStopCommand, bool>
{
    public async Task<bool> Handle(ConfirmStopCommand command, CancellationToken cancellationToken) =>
        await tasks.FindAsync(command.TaskId, cancellationToken) is { } task && task.ConfirmStop(time.GetUtcNow(), ids.Next());
}
