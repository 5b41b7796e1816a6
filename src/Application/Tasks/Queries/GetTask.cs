using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Queries;

/// <summary>One task; null where there is none of this id.</summary>
public sealed record GetTaskQuery(string TaskId) : IQuery<TaskWithPosition?>
{
    /// <summary>Characters of output that come with the task.</summary>
    public const int MaxOutputLength = 1_000_000;
}

/// <summary>A task, and the position of its log from which a client that has read this misses nothing.</summary>
public sealed record TaskWithPosition(TaskDetails Task, ChannelPosition Position);

internal sealed class GetTaskHandler(ITaskReader tasks, ITaskLogReader log, IChannelPositions positions)
    : IRequestHandler<GetTaskQuery, TaskWithPosition?>
{
    public async Task<TaskWithPosition?> Handle(GetTaskQuery query, CancellationToken cancellationToken)
    {
        // The position first: what happens between the two reads is then told again rather than missed.
        var position = await positions.GetAsync(Channels.Task(query.TaskId), cancellationToken);
        if (await tasks.FindAsync(query.TaskId, cancellationToken) is not { } task)
        {
            return null;
        }

        var output = await log.ReadOutputTailAsync(query.TaskId, GetTaskQuery.MaxOutputLength, cancellationToken);
        return new TaskWithPosition(task with { OutputStream = output.Text, OutputTruncated = output.Truncated }, position);
    }
}
