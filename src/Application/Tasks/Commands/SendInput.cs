using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Commands;

/// <summary>A person answers what a task waits for. Its status changes when the engine says that it goes on. Null where there is no such task.</summary>
public sealed record SendInputCommand(string TaskId, string Message) : ICommand<ReportedTask?>
{
    public const int MaxMessageLength = 100_000;
}

internal sealed class SendInputValidator : AbstractValidator<SendInputCommand>
{
    public SendInputValidator()
    {
        RuleFor(c => c.TaskId).Must(id => Identifier.IsValid(id)).WithName("task_id").WithMessage("task_id is not a valid id.");
        RuleFor(c => c.Message).NotEmpty().MaximumLength(SendInputCommand.MaxMessageLength).WithName("message");
    }
}

internal sealed class SendInputHandler(IAgentTaskRepository tasks, IAgentOutbox agents) : IRequestHandler<SendInputCommand, ReportedTask?>
{
    public async Task<ReportedTask?> Handle(SendInputCommand command, CancellationToken cancellationToken)
    {
        if (await tasks.FindAsync(command.TaskId, cancellationToken) is not { } task)
        {
            return null;
        }

        if (task.Status != AgentTaskStatus.WaitingInput)
        {
            throw new DomainRuleException("not_waiting", $"A task that is {task.Status.Name()} does not wait for input.");
        }

        agents.Add(AgentNotice.Input(task.TaskId, LogText.Clean(command.Message)));
        return new ReportedTask(task.TaskId, task.Status);
    }
}
