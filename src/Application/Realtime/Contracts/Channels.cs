namespace GrooteDashboard.Application.Realtime.Contracts;

/// <summary>The names of the channels that clients subscribe to (docs/protocol/websocket.md).</summary>
public static class Channels
{
    /// <summary>Every task's status, for lists.</summary>
    public const string Tasks = "tasks";

    /// <summary>State of the agents' command line programs.</summary>
    public const string Cli = "cli";

    /// <summary>State of the service itself: Redis away and back.</summary>
    public const string System = "system";

    private const string TaskPrefix = "task:";
    private const string ConversationPrefix = "conversation:";

    /// <summary>The log of one task.</summary>
    public static string Task(string taskId) => TaskPrefix + taskId;

    /// <summary>Whether the channel is the log of a task, and of which.</summary>
    public static bool TryGetTaskId(string channel, out string taskId)
    {
        var isTask = channel.StartsWith(TaskPrefix, StringComparison.Ordinal) && Domain.Common.Identifier.IsValid(channel.AsSpan(TaskPrefix.Length));
        taskId = isTask ? channel[TaskPrefix.Length..] : "";
        return isTask;
    }

    /// <summary>The messages of one conversation, and what becomes of its tasks.</summary>
    public static string Conversation(string conversationId) => ConversationPrefix + conversationId;

    /// <summary>Whether the channel is that of a conversation, and of which.</summary>
    public static bool TryGetConversationId(string channel, out string conversationId)
    {
        var isConversation = channel.StartsWith(ConversationPrefix, StringComparison.Ordinal)
            && Domain.Common.Identifier.IsValid(channel.AsSpan(ConversationPrefix.Length));
        conversationId = isConversation ? channel[ConversationPrefix.Length..] : "";
        return isConversation;
    }

    /// <summary>Whether clients may subscribe to a channel of this name.</summary>
    public static bool IsKnown(string channel) => channel is Tasks or Cli or System || TryGetTaskId(channel, out _)
        || TryGetConversationId(channel, out _);
}
