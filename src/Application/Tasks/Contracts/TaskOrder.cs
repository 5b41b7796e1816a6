using System.Collections.Frozen;

namespace GrooteDashboard.Application.Tasks.Contracts;

/// <summary>What a list of tasks can be ordered by. Tasks of the same value come in the order of their creation, and of their ids.</summary>
public enum TaskSortKey
{
    /// <summary>When it was registered.</summary>
    Created,

    /// <summary>When it ended; one that has not is before all others.</summary>
    Completed,

    /// <summary>US dollars; 0 where it is not known.</summary>
    Cost,

    /// <summary>Seconds of the run; one that is not known is less than 0.</summary>
    Duration,

    /// <summary>Read and written together; 0 where they are not known.</summary>
    Tokens,

    /// <summary>By the status' name.</summary>
    Status,

    /// <summary>By the agent's name; none is less than any.</summary>
    Agent,

    /// <summary>By the agent's type.</summary>
    AgentType,

    /// <summary>By the source's name.</summary>
    Source,
}

/// <summary>The order of a list of tasks: every task has exactly one place in it.</summary>
/// <param name="Key">What it goes by.</param>
/// <param name="Descending">Greatest first.</param>
public sealed record TaskOrder(TaskSortKey Key, bool Descending)
{
    public static TaskOrder NewestFirst { get; } = new(TaskSortKey.Created, Descending: true);

    /// <summary>The same list from its other end.</summary>
    public TaskOrder Reverse() => this with { Descending = !Descending };

    /// <summary>Names of the keys: as rows name their fields, and shorter ones.</summary>
    public static FrozenDictionary<string, TaskSortKey> Keys { get; } = new Dictionary<string, TaskSortKey>
    {
        ["created_at"] = TaskSortKey.Created,
        ["completed_at"] = TaskSortKey.Completed,
        ["cost"] = TaskSortKey.Cost,
        ["cost_usd"] = TaskSortKey.Cost,
        ["duration"] = TaskSortKey.Duration,
        ["duration_seconds"] = TaskSortKey.Duration,
        ["tokens"] = TaskSortKey.Tokens,
        ["status"] = TaskSortKey.Status,
        ["agent"] = TaskSortKey.Agent,
        ["assigned_agent"] = TaskSortKey.Agent,
        ["agent_type"] = TaskSortKey.AgentType,
        ["source"] = TaskSortKey.Source,
    }.ToFrozenDictionary(StringComparer.Ordinal);
}
