using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Commands;

/// <summary>
/// Ends what only time can end: a provisional status becomes settled, and a final output enters the log where nothing was streamed.
/// </summary>
/// <returns>How many tasks were looked at.</returns>
public sealed record SettleTasksCommand : ICommand<int>
{
    public const int MaxTasks = 200;
}

internal sealed class SettleTasksHandler(IAgentTaskRepository tasks, ITaskLog log, ISourceProgress source, TimeProvider time)
    : IRequestHandler<SettleTasksCommand, int>
{
    private const string FinalOutputId = "final-output";

    public async Task<int> Handle(SettleTasksCommand command, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var due = await tasks.ListDueAsync(now, SettleTasksCommand.MaxTasks, cancellationToken);
        foreach (var task in due)
        {
            task.Settle(now);
            // Streamed output that still waits in the stream must not come after its own repeat.
            if (task.OutputDueAt is { } dueAt && dueAt <= now && source.HasReadUpTo(dueAt - AgentTask.OutputGrace))
            {
                var entry = new OutputEntry(now, FinalOutputId, OutputKinds.Output, task.FinalOutput ?? "") { IsRepeat = true };
                var stored = await log.AppendAsync([new LogAppend(task.TaskId, [entry])], cancellationToken);
                // Whoever follows the output ends when it is decided: by then it must be readable.
                await stored.WaitAsync(cancellationToken);
                task.OutputDecided();
            }
        }

        return due.Count;
    }
}
