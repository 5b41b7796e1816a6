using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Queries;

/// <summary>A task's output as one text, as the existing clients read it; null where there is no such task.</summary>
public sealed record GetTaskOutputQuery(string TaskId) : IQuery<TaskOutput?>;

/// <param name="TaskId">The task.</param>
/// <param name="Status">Its status.</param>
/// <param name="Output">What was streamed as kind <c>output</c>, joined; at most the last 1,000,000 characters.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="IsLive">Whether more may come.</param>
/// <param name="Timestamp">When the newest output was written.</param>
public sealed record TaskOutput(string TaskId, AgentTaskStatus Status, string Output, string? Error, bool IsLive, DateTimeOffset? Timestamp);

internal sealed class GetTaskOutputHandler(ITaskLogReader log) : IRequestHandler<GetTaskOutputQuery, TaskOutput?>
{
    public async Task<TaskOutput?> Handle(GetTaskOutputQuery query, CancellationToken cancellationToken)
    {
        if (await log.PeekAsync(query.TaskId, cancellationToken) is not { } task)
        {
            return null;
        }

        var output = await log.ReadOutputTailAsync(query.TaskId, GetTaskQuery.MaxOutputLength, cancellationToken);
        return new TaskOutput(query.TaskId, task.Status, output.Text, task.Error, task.Status == AgentTaskStatus.Running, output.LastTimestamp);
    }
}
