using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ports;
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

internal sealed class GetTaskHandler(ITaskReader tasks, ITaskLogReader log, IChannelPositions positions)
    : IRequestHandler<GetTaskQuery, TaskDetails?>
{
    public async Task<TaskDetails?> Handle(GetTaskQuery query, CancellationToken cancellationToken)
    {
        // What is stored so far comes first: what happens between the reads is then told again rather than missed.
        var channel = Channels.Task(query.TaskId);
        var (epoch, _) = await positions.GetAsync(channel, cancellationToken);
        if (await log.PeekAsync(query.TaskId, cancellationToken) is not { } stored
            || await tasks.FindAsync(query.TaskId, cancellationToken) is not { } task)
        {
            return null;
        }

        var output = await log.ReadOutputTailAsync(query.TaskId, GetTaskQuery.MaxOutputLength, cancellationToken);
        return task with
        {
            OutputStream = output.Text,
            OutputTruncated = output.Truncated,
            LogPosition = new LogPosition(channel, epoch, stored.LastOffset),
        };
    }
}
