using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Tasks;

/// <summary>Finds a task's record: the files that a task logger keeps of it, or where there are none, the same from the store.</summary>
internal sealed class TaskRecords(ITaskRecordFiles files, ITaskReader tasks, ITaskLogReader log)
{
    /// <summary>Null where nothing is known of the task.</summary>
    public async Task<ITaskRecord?> FindAsync(string taskId, CancellationToken cancellationToken)
    {
        if (!Identifier.IsValid(taskId))
        {
            return null;
        }

        // The version comes first: what changes between the reads is then sent again rather than missed.
        var stored = await log.PeekAsync(taskId, cancellationToken);
        if (await files.FindAsync(taskId, cancellationToken) is { } filed)
        {
            return new FiledTaskRecord(filed, stored);
        }

        return stored is not null && await tasks.FindAsync(taskId, cancellationToken) is { } found ? new StoredTaskRecord(found.Task, stored, log) : null;
    }
}

/// <summary>A record in files, whose metadata gets the status from the store: a task logger writes it only when the task has ended.</summary>
internal sealed class FiledTaskRecord(ITaskRecord filed, StoredTask? stored) : ITaskRecord
{
    private const string StatusName = "status";

    public string Version => $"{filed.Version} {stored?.Status}";

    public bool Has(TaskRecordPart part) => filed.Has(part);

    public async Task<ReadOnlyMemory<byte>?> ReadObjectAsync(TaskRecordPart part, CancellationToken cancellationToken)
    {
        var json = await filed.ReadObjectAsync(part, cancellationToken);
        if (part != TaskRecordPart.Metadata || json is not { } text || stored is null)
        {
            return json;
        }

        using var document = JsonDocument.Parse(text);
        if (document.RootElement.ValueKind != JsonValueKind.Object || document.RootElement.TryGetProperty(StatusName, out _))
        {
            return json;
        }

        return TaskRecordJson.Object(writer =>
        {
            foreach (var property in document.RootElement.EnumerateObject())
            {
                property.WriteTo(writer);
            }

            writer.WriteString(StatusName, stored.Status.Name());
        });
    }

    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadItemsAsync(TaskRecordPart part, CancellationToken cancellationToken) =>
        filed.ReadItemsAsync(part, cancellationToken);
}

/// <summary>A record from the store, in the shape of the files.</summary>
internal sealed class StoredTaskRecord(TaskDetails task, StoredTask stored, ITaskLogReader log) : ITaskRecord
{
    private const int PortionSize = 250;

    public string Version => string.Create(CultureInfo.InvariantCulture, $"{stored.LastOffset} {task.Version} {stored.OutputPending}");

    public bool Has(TaskRecordPart part) => part switch
    {
        TaskRecordPart.Metadata or TaskRecordPart.Input or TaskRecordPart.AgentOutput => true,
        TaskRecordPart.FinalResult => task.Status.IsFinal(),
        _ => false,
    };

    public Task<ReadOnlyMemory<byte>?> ReadObjectAsync(TaskRecordPart part, CancellationToken cancellationToken)
    {
        Action<Utf8JsonWriter>? write = part switch
        {
            _ when !Has(part) => null,
            TaskRecordPart.Metadata => WriteMetadata,
            TaskRecordPart.Input => WriteInput,
            TaskRecordPart.FinalResult => WriteResult,
            _ => null,
        };
        ReadOnlyMemory<byte>? json = null;
        if (write is not null)
        {
            json = TaskRecordJson.Object(write);
        }

        return Task.FromResult(json);
    }

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadItemsAsync(
        TaskRecordPart part, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = 0L;
        for (var more = part == TaskRecordPart.AgentOutput; more;)
        {
            if (await log.ReadAsync(task.TaskId, new TaskLogRange(after, null, PortionSize, null), cancellationToken) is not { Entries.Count: > 0 } page)
            {
                yield break;
            }

            foreach (var entry in page.Entries.Where(entry => entry.Kind is not null))
            {
                yield return TaskRecordJson.Object(writer => WriteOutput(writer, entry));
            }

            (after, more) = (page.Entries[^1].Offset, page.HasMore);
        }
    }

    private static void WriteOutput(Utf8JsonWriter writer, TaskLogEntry entry)
    {
        writer.WriteString("type", entry.Kind);
        writer.WriteString("timestamp", entry.Timestamp.UtcDateTime);
        writer.WriteString("content", entry.Output);
        if (entry.Data is not { ValueKind: JsonValueKind.Object } data)
        {
            return;
        }

        if (data.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String)
        {
            writer.WriteString("tool_name", name.GetString());
        }

        if (data.TryGetProperty("input", out var input))
        {
            // Clients parse it themselves.
            writer.WriteString("tool_input", input.GetRawText());
        }

        if (data.TryGetProperty("is_error", out var error) && error.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            writer.WriteBoolean("is_error", error.GetBoolean());
        }
    }

    private void WriteMetadata(Utf8JsonWriter writer)
    {
        writer.WriteString("task_id", task.TaskId);
        writer.WriteString("session_id", task.SessionId);
        writer.WriteString("user_id", task.UserId);
        writer.WriteString("source", task.Source);
        writer.WriteString("agent_type", task.AgentType);
        // Clients show "brain" only where the field is missing.
        if (task.AssignedAgent is { } agent)
        {
            writer.WriteString("assigned_agent", agent);
        }

        writer.WriteString("status", task.Status.Name());
        WriteTime(writer, "created_at", task.CreatedAt);
        WriteTime(writer, "started_at", task.StartedAt);
        WriteTime(writer, "completed_at", task.CompletedAt);
        WriteFigures(writer);
        writer.WriteString("conversation_id", task.ConversationId);
        writer.WriteString("flow_id", task.FlowId);
    }

    private void WriteInput(Utf8JsonWriter writer)
    {
        writer.WriteString("task_id", task.TaskId);
        writer.WriteString("message", task.InputMessage);
        writer.WritePropertyName("source_metadata");
        writer.WriteRawValue(task.SourceMetadata);
    }

    private void WriteResult(Utf8JsonWriter writer)
    {
        writer.WriteString("task_id", task.TaskId);
        writer.WriteString("status", task.Status.Name());
        writer.WriteString("result", task.Result);
        writer.WriteString("error", task.Error);
        WriteTime(writer, "completed_at", task.CompletedAt);
        WriteFigures(writer);
    }

    private void WriteFigures(Utf8JsonWriter writer)
    {
        writer.WriteNumber("cost_usd", task.CostUsd);
        writer.WriteNumber("input_tokens", task.InputTokens);
        writer.WriteNumber("output_tokens", task.OutputTokens);
        writer.WriteNumber("duration_seconds", task.DurationSeconds ?? 0);
    }

    private static void WriteTime(Utf8JsonWriter writer, string name, DateTimeOffset? time)
    {
        if (time is { } value)
        {
            writer.WriteString(name, value.UtcDateTime);
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}

/// <summary>A host without a task logger.</summary>
internal sealed class NoTaskRecordFiles : ITaskRecordFiles
{
    public Task<ITaskRecord?> FindAsync(string taskId, CancellationToken cancellationToken) => Task.FromResult<ITaskRecord?>(null);
}
