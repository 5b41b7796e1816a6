using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Commands;

/// <summary>An engine reports on a task.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Report">What it says.</param>
/// <param name="Origin">By which way it came.</param>
/// <param name="CreateMissing">Whether a report on an unknown task creates it; otherwise the answer is null.</param>
public sealed record ReportTaskCommand(string TaskId, TaskReport Report, ReportOrigin Origin, bool CreateMissing) : ICommand<ReportedTask?>;

/// <summary>The task's status after the report.</summary>
public sealed record ReportedTask(string TaskId, AgentTaskStatus Status);

internal sealed class ReportTaskValidator : AbstractValidator<ReportTaskCommand>
{
    public ReportTaskValidator()
    {
        RuleFor(c => c.TaskId).Must(id => Identifier.IsValid(id)).WithName("task_id").WithMessage("task_id is not a valid id.");
        RuleFor(c => c.Report.Output).MaximumLength(AgentTask.MaxOutputLength).WithName("output");
        RuleFor(c => c.Report.Result).MaximumLength(AgentTask.MaxOutputLength).WithName("result");
        RuleFor(c => c.Report.Error).MaximumLength(AgentTask.MaxErrorLength).WithName("error");
        RuleFor(c => c.Report.Model).MaximumLength(AgentTask.MaxNameLength).WithName("model");
        RuleFor(c => c.Report.Figures).Custom((figures, context) =>
        {
            if (figures?.Violation() is { } violation)
            {
                context.AddFailure(violation.Split(' ')[0], violation + ".");
            }
        });
    }
}

internal sealed class ReportTaskHandler(
    IAgentTaskRepository tasks, ConversationBook book, IAgentOutbox agents, TimeProvider time, IEventIds ids)
    : IRequestHandler<ReportTaskCommand, ReportedTask?>
{
    public async Task<ReportedTask?> Handle(ReportTaskCommand command, CancellationToken cancellationToken)
    {
        var task = await tasks.FindAsync(command.TaskId, cancellationToken);
        if (task is null)
        {
            if (!command.CreateMissing)
            {
                return null;
            }

            task = AgentTask.FromOutput(command.TaskId, time.GetUtcNow(), ids.Next());
            tasks.Add(task);
        }

        var before = task.Totals;
        task.Report(Clean(command.Report), command.Origin, time.GetUtcNow(), ids.Next);
        await book.EnterAsync(task, before, cancellationToken);
        if (task.IsStopUnconfirmed && command.Report.Status is { } status && !status.IsFinal())
        {
            // The engine took it from the queue just before it was stopped, and has not heard of it.
            agents.Add(AgentNotice.Stop(task.TaskId));
        }

        return new ReportedTask(task.TaskId, task.Status);
    }

    private static TaskReport Clean(TaskReport report) => report with
    {
        Output = Clean(report.Output),
        Error = Clean(report.Error),
        Result = Clean(report.Result),
        Model = string.IsNullOrEmpty(report.Model) ? null : Clean(report.Model),
    };

    private static string? Clean(string? text) => text is null ? null : LogText.Clean(text);
}
