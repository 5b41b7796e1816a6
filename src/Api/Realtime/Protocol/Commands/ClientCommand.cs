using System.Text.Json;

namespace GrooteDashboard.Api.Realtime.Protocol.Commands;

/// <summary>A frame that wants something to be done beyond this connection.</summary>
internal abstract record ClientCommand
{
    /// <summary>Reads the fields of a frame of this type.</summary>
    /// <param name="type">The frame's type.</param>
    /// <param name="root">The frame.</param>
    /// <param name="command">What it wants; null where frames of this type want nothing of the kind.</param>
    /// <param name="problem">What is wrong with it.</param>
    /// <returns>False: a field is missing or of the wrong type.</returns>
    public static bool TryRead(string type, JsonElement root, out ClientCommand? command, out string problem)
    {
        (command, problem) = type switch
        {
            // The second names are those of existing clients.
            "message" or "chat.message" => (Text(root, "content") ?? Text(root, "message")) is { } content && AreText(root, "conversation_id", "session_id", "message_id")
                ? (new MessageCommand(content, Text(root, "conversation_id"), Text(root, "session_id"), Text(root, "message_id")), "")
                : (null, "content must be a string, and so must conversation_id, session_id and message_id where there are any."),
            "stop" or "task.stop" => Text(root, "task_id") is { } taskId
                ? (new StopCommand(taskId), "")
                : (null, "task_id must be a string."),
            "input" or "task.input" => Text(root, "task_id") is { } taskId && Text(root, "message") is { } message
                ? (new InputCommand(taskId, message), "")
                : (null, "task_id and message must be strings."),
            _ => ((ClientCommand?)null, ""),
        };
        return problem.Length == 0;
    }

    private static bool AreText(JsonElement root, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (root.TryGetProperty(name, out var value) && value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))
            {
                return false;
            }
        }

        return true;
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>Says something to an agent.</summary>
internal sealed record MessageCommand(string Content, string? ConversationId, string? SessionId, string? MessageId) : ClientCommand;

/// <summary>Stops a task.</summary>
internal sealed record StopCommand(string TaskId) : ClientCommand;

/// <summary>Answers what a task waits for.</summary>
internal sealed record InputCommand(string TaskId, string Message) : ClientCommand;
