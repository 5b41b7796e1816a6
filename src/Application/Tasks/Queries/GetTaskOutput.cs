using System.Globalization;
using System.Text;
using System.Text.Json;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Queries;

/// <summary>A task's output as one text, as the existing clients read it; null where there is no such task.</summary>
public sealed record GetTaskOutputQuery(string TaskId) : IQuery<VersionedTaskOutput?>;

/// <param name="Version">Changes with the output and the status.</param>
/// <param name="ReadAsync">Reads it: those who ask every second mostly have it.</param>
public sealed record VersionedTaskOutput(string Version, Func<CancellationToken, Task<TaskOutput>> ReadAsync);

/// <param name="TaskId">The task.</param>
/// <param name="Status">Its status.</param>
/// <param name="Output">What was streamed as kind <c>output</c>, joined; at most the last 1,000,000 characters. Never null: clients split it.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="IsLive">Whether more may come.</param>
/// <param name="Timestamp">When the newest output was written.</param>
public sealed record TaskOutput(string TaskId, AgentTaskStatus Status, string Output, string? Error, bool IsLive, DateTimeOffset? Timestamp);

internal sealed class GetTaskOutputHandler(ITaskLogReader log, ITaskOutputReader outputs, ITaskRecordFiles files) : IRequestHandler<GetTaskOutputQuery, VersionedTaskOutput?>
{
    public async Task<VersionedTaskOutput?> Handle(GetTaskOutputQuery query, CancellationToken cancellationToken)
    {
        if (await log.PeekAsync(query.TaskId, cancellationToken) is not { } task)
        {
            return null;
        }

        // A task logger may know more of a task that nothing was streamed of.
        var record = task.Status.IsFinal() && !task.OutputPending && !await HasOutputAsync(query.TaskId, cancellationToken)
            ? await files.FindAsync(query.TaskId, cancellationToken)
            : null;
        var version = string.Create(CultureInfo.InvariantCulture, $"{task.LastOffset} {task.Status} {task.OutputPending} {record?.Version}");
        return new VersionedTaskOutput(version, token => ReadAsync(query.TaskId, task, record, token));
    }

    private async Task<TaskOutput> ReadAsync(string taskId, StoredTask task, ITaskRecord? record, CancellationToken cancellationToken)
    {
        var output = record is null
            ? await outputs.ReadTailAsync(taskId, GetTaskQuery.MaxOutputLength, cancellationToken)
            : new OutputTail(await JoinAsync(record, cancellationToken), Truncated: false, LastTimestamp: null);
        return new TaskOutput(taskId, task.Status, output.Text, task.Error, task.Status == AgentTaskStatus.Running, output.LastTimestamp);
    }

    private async Task<bool> HasOutputAsync(string taskId, CancellationToken cancellationToken) =>
        await log.ReadAsync(taskId, new TaskLogRange(null, null, 1, [OutputKinds.Output]), cancellationToken) is { Entries.Count: > 0 };

    /// <summary>What the agent said and what came of it, as far as it is text: the end of it.</summary>
    private static async Task<string> JoinAsync(ITaskRecord record, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        await foreach (var item in record.ReadItemsAsync(TaskRecordPart.AgentOutput, cancellationToken))
        {
            Append(text, item, "content");
        }

        if (await record.ReadObjectAsync(TaskRecordPart.FinalResult, cancellationToken) is { } result)
        {
            Append(text, result, "result");
        }

        return text.Length <= GetTaskQuery.MaxOutputLength ? text.ToString() : LogText.Clean(text.ToString(text.Length - GetTaskQuery.MaxOutputLength, GetTaskQuery.MaxOutputLength));
    }

    private static void Append(StringBuilder text, ReadOnlyMemory<byte> json, string name)
    {
        using var document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String || value.GetString() is not { Length: > 0 } line)
        {
            return;
        }

        text.Append(line).Append(line[^1] == '\n' ? "" : "\n");
        // Twice as much as is kept, so that the beginning need not be dropped for each line.
        if (text.Length > 2 * GetTaskQuery.MaxOutputLength)
        {
            text.Remove(0, text.Length - GetTaskQuery.MaxOutputLength);
        }
    }
}
