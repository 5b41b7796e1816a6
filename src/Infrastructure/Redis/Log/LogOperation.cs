using System.Globalization;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Infrastructure.Redis.Log;

/// <summary>One entry for one channel, as append.lua takes it.</summary>
internal sealed class LogOperation
{
    public required string Channel { get; init; }

    public required IReadOnlyList<LogMessage> Messages { get; init; }

    public string SourceId { get; init; } = "";

    public string Flags { get; init; } = "";

    /// <summary>The status of the task with its version before it, where the entry changes it.</summary>
    public TaskState? State { get; init; }

    public string OutboxIds { get; private set; } = "";

    /// <summary>Whether the store was asked for the id, and held it.</summary>
    public bool? IsStored { get; set; }

    /// <summary>The offset that it was given: zero or less, the head, where it was there already.</summary>
    public long Offset { get; set; }

    /// <summary>It was appended in an epoch that has ended, and the store holds it: it is not appended again.</summary>
    public bool IsKept { get; set; }

    /// <summary>It only goes with the entry before it.</summary>
    public bool Follows => Flags == "f";

    public bool IsEntry => Messages.Count > 0 && !Follows;

    public static List<LogOperation> From(IReadOnlyList<LogAppend> appends)
    {
        var operations = new List<LogOperation>();
        foreach (var append in appends)
        {
            var channel = Channels.Task(append.TaskId);
            var first = operations.Count;
            foreach (var entry in append.Entries)
            {
                Add(operations, channel, append.TaskId, entry);
            }

            if (operations.Count == first)
            {
                // Nothing but the question where the log stands, and perhaps rows of the outbox to be ended.
                operations.Add(new LogOperation { Channel = channel, Messages = [] });
            }

            operations.FindLast(operation => !operation.Follows)!.OutboxIds =
                string.Join(',', append.OutboxIds.Select(id => id.ToString(CultureInfo.InvariantCulture)));
        }

        return operations;
    }

    private static void Add(List<LogOperation> operations, string channel, string taskId, LogEntry entry)
    {
        switch (entry)
        {
            case OutputEntry output:
                // A split chunk is one entry: its structured parts stand on the first piece.
                operations.Add(new LogOperation
                {
                    Channel = channel,
                    SourceId = output.SourceId ?? "",
                    Flags = (output.IsRepeat ? "r" : "") + (output.Kind == OutputKinds.Output ? "o" : ""),
                    Messages =
                    [
                        .. LogText.Split(LogText.Clean(output.Text)).Select((piece, index) =>
                            LogMessage.Of(output.StoredTimestamp, new TaskOutputMessage(taskId, piece, output.Kind, index == 0 ? output.Data : null))),
                    ],
                });
                break;
            case StatusEntry status:
                IReadOnlyList<LogMessage> messages = [LogMessage.Of(status.StoredTimestamp, status.Message)];
                operations.Add(new LogOperation { Channel = channel, SourceId = status.SourceId ?? "", State = new TaskState(status.Message.Version, status.Message.Status), Messages = messages });
                operations.Add(new LogOperation { Channel = Channels.Tasks, Flags = "f", Messages = messages });
                break;
        }
    }
}

/// <summary>One message of an entry.</summary>
/// <param name="Timestamp">When it happened.</param>
/// <param name="Message">What it says.</param>
/// <param name="Body">Both, as it travels.</param>
internal readonly record struct LogMessage(DateTimeOffset Timestamp, RealtimeMessage Message, byte[] Body)
{
    public static LogMessage Of(DateTimeOffset timestamp, RealtimeMessage message) => new(timestamp, message, FrameCodec.Encode(timestamp, message));
}

/// <summary>A task's status, and the version of the task that it belongs to.</summary>
internal readonly record struct TaskState(int Version, AgentTaskStatus Status)
{
    public static AgentTaskStatus? Parse(string? text) =>
        AgentTaskLifecycle.TryParse(text?[(text.IndexOf(' ', StringComparison.Ordinal) + 1)..], out var status) ? status : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Version} {Status.Name()}");
}
