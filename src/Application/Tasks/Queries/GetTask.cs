using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Queries;

/// <summary>One task; null where there is none of this id.</summary>
public sealed record GetTaskQuery(string TaskId) : IQuery<TaskDetails?>
{
    /// <summary>Characters of output that come with the task.</summary>
    public const int MaxOutputLength = 1_000_000;
}

internal sealed class GetTaskHandler(ITaskReader tasks, ITaskOutputReader outputs, RecentEpoch epochs) : IRequestHandler<GetTaskQuery, TaskDetails?>
{
    public async Task<TaskDetails?> Handle(GetTaskQuery query, CancellationToken cancellationToken)
    {
        // The epoch and the end of the log come first: what happens between the reads is then told again rather than missed.
        var epoch = await epochs.GetAsync(cancellationToken);
        if (await tasks.FindAsync(query.TaskId, cancellationToken) is not { } found)
        {
            return null;
        }

        var output = found.Output ?? await outputs.ReadTailAsync(query.TaskId, GetTaskQuery.MaxOutputLength, cancellationToken);
        return found.Task with
        {
            OutputStream = output.Text,
            OutputTruncated = output.Truncated,
            LogPosition = new LogPosition(Channels.Task(query.TaskId), epoch, found.LastOffset),
        };
    }
}
