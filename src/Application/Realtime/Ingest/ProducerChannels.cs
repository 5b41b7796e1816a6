using GrooteDashboard.Domain.Common;

namespace GrooteDashboard.Application.Realtime.Ingest;

/// <summary>The names of what the producers publish to (contract of the agent dashboard, 3.1).</summary>
public static class ProducerChannels
{
    public const string OutputPattern = TaskPrefix + "*" + OutputSuffix;
    public const string StatusPattern = TaskPrefix + "*" + StatusSuffix;
    public const string CliStatus = "cli:status";
    public const string TaskEvents = "task_events";
    public const string AgentQueue = "agent:tasks";

    internal const string OutputSuffix = ":output";
    internal const string StatusSuffix = ":status";

    private const string TaskPrefix = "task:";

    /// <summary>The id between prefix and suffix; it may hold colons itself.</summary>
    public static bool TryGetTaskId(string channel, out string taskId)
    {
        taskId = "";
        var suffix = channel.EndsWith(OutputSuffix, StringComparison.Ordinal) || channel.EndsWith(StatusSuffix, StringComparison.Ordinal)
            ? OutputSuffix.Length
            : 0;
        var length = channel.Length - TaskPrefix.Length - suffix;
        if (suffix == 0 || length <= 0 || !channel.StartsWith(TaskPrefix, StringComparison.Ordinal))
        {
            return false;
        }

        taskId = channel.Substring(TaskPrefix.Length, length);
        return Identifier.IsValid(taskId);
    }
}
