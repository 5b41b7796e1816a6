using GrooteDashboard.Domain.Common;

namespace GrooteDashboard.Application.Realtime.Contracts;

/// <summary>The names of the channels that clients subscribe to (docs/protocol/websocket.md).</summary>
public static class Channels
{
    /// <summary>Every task's status, for lists.</summary>
    public const string Tasks = "tasks";

    /// <summary>What outside services have told us.</summary>
    public const string Webhooks = "webhooks";

    /// <summary>The jobs that index data sources.</summary>
    public const string Sources = "sources";

    /// <summary>What wants attention.</summary>
    public const string Alerts = "alerts";

    /// <summary>Figures for the dashboard's first page.</summary>
    public const string Stats = "stats";

    /// <summary>State of the agents' command line programs.</summary>
    public const string Cli = "cli";

    /// <summary>State of the service itself: Redis away and back; and budgets that reach a threshold.</summary>
    public const string System = "system";

    private const string TaskPrefix = "task:";
    private const string ConversationPrefix = "conversation:";
    private const string FlowPrefix = "flow:";
    private const string ServerPrefix = "server:";

    /// <summary>The log of one task.</summary>
    public static string Task(string taskId) => TaskPrefix + taskId;

    /// <summary>Whether the channel is the log of a task, and of which.</summary>
    public static bool TryGetTaskId(string channel, out string taskId)
    {
        var isTask = IsOne(channel, TaskPrefix);
        taskId = isTask ? channel[TaskPrefix.Length..] : "";
        return isTask;
    }

    /// <summary>The messages of one conversation, and what becomes of its tasks.</summary>
    public static string Conversation(string conversationId) => ConversationPrefix + conversationId;

    /// <summary>Whether the channel is that of a conversation, and of which.</summary>
    public static bool TryGetConversationId(string channel, out string conversationId)
    {
        var isConversation = IsOne(channel, ConversationPrefix);
        conversationId = isConversation ? channel[ConversationPrefix.Length..] : "";
        return isConversation;
    }

    /// <summary>Whether clients may subscribe to a channel of this name.</summary>
    public static bool IsKnown(string channel) =>
        channel is Tasks or Webhooks or Sources or Alerts or Stats or Cli or System
        || IsOne(channel, TaskPrefix) || IsOne(channel, ConversationPrefix) || IsOne(channel, FlowPrefix) || IsOne(channel, ServerPrefix);

    /// <summary>Whether the channel's messages have offsets, so that what was missed can be told. On the others only the newest state matters.</summary>
    public static bool IsSequenced(string channel) =>
        channel is not (Cli or System or Stats) && !channel.StartsWith(ServerPrefix, StringComparison.Ordinal);

    private static bool IsOne(string channel, string prefix) =>
        channel.StartsWith(prefix, StringComparison.Ordinal) && Identifier.IsValid(channel.AsSpan(prefix.Length));
}
