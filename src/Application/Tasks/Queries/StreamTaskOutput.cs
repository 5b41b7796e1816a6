using System.Runtime.CompilerServices;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Queries;

/// <summary>A task's whole output as text, piece by piece; null where there is no such task.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Follow">Whether it goes on until the task has ended. A task that does not exist yet is then waited for, for a moment.</param>
public sealed record StreamTaskOutputQuery(string TaskId, bool Follow) : IQuery<IAsyncEnumerable<string>?>;

internal sealed class StreamTaskOutputHandler(ITaskLogReader reader, ITaskLog log, TimeProvider time)
    : IRequestHandler<StreamTaskOutputQuery, IAsyncEnumerable<string>?>
{
    /// <summary>A follower that was started together with its producer may come first.</summary>
    private static readonly TimeSpan WaitForTask = TimeSpan.FromSeconds(10);

    /// <summary>The store is asked this often even if nobody says that there is more: another process may have written it.</summary>
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    public async Task<IAsyncEnumerable<string>?> Handle(StreamTaskOutputQuery query, CancellationToken cancellationToken)
    {
        var deadline = time.GetUtcNow() + WaitForTask;
        while (await reader.PeekAsync(query.TaskId, cancellationToken) is null)
        {
            if (!query.Follow || time.GetUtcNow() >= deadline)
            {
                return null;
            }

            await log.WaitForMoreAsync(query.TaskId, 0, AskAgain, cancellationToken);
        }

        return StreamAsync(query.TaskId, query.Follow, cancellationToken);
    }

    private async IAsyncEnumerable<string> StreamAsync(string taskId, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = 0L;
        while (true)
        {
            // Asked before reading: what is stored up to here is read below.
            var task = await reader.PeekAsync(taskId, cancellationToken);
            await foreach (var (offset, text) in reader.ReadOutputAsync(taskId, after, cancellationToken))
            {
                after = offset;
                yield return text;
            }

            if (!follow || task is null || (task.Status.IsFinal() && !task.OutputPending))
            {
                yield break;
            }

            await log.WaitForMoreAsync(taskId, Math.Max(after, task.LastOffset), AskAgain, cancellationToken);
        }
    }
}
