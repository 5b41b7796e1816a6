using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Tasks.Contracts;

/// <summary>Which tasks a list shows; filters combine, null or an empty list means no filter.</summary>
public sealed record TaskFilter
{
    public const int MinTextLength = 3;

    /// <summary>Any of these.</summary>
    public IReadOnlyList<AgentTaskStatus> Statuses { get; init; } = [];

    /// <summary>Assigned to any of these agents.</summary>
    public IReadOnlyList<string> Agents { get; init; } = [];

    /// <summary>Agents of this type.</summary>
    public string? AgentType { get; init; }

    /// <summary>From this source.</summary>
    public string? Source { get; init; }

    /// <summary>Of this session.</summary>
    public string? SessionId { get; init; }

    /// <summary>Of this conversation.</summary>
    public string? ConversationId { get; init; }

    /// <summary>Of this thread at the source.</summary>
    public string? FlowId { get; init; }

    /// <summary>Started by this task, or its retries.</summary>
    public string? ParentTaskId { get; init; }

    /// <summary>Stands in its id, or in the first 1,000 characters of what it was asked, whatever its case.</summary>
    public string? Text { get; init; }

    /// <summary>Created at or after.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Created before.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Costs at least so many US dollars; a cost that is not known is 0.</summary>
    public decimal? CostMin { get; init; }

    /// <summary>Costs at most so many US dollars.</summary>
    public decimal? CostMax { get; init; }

    /// <summary>Ran for at least so many seconds. A task whose duration is not known matches no bound.</summary>
    public double? DurationMin { get; init; }

    /// <summary>Ran for at most so many seconds.</summary>
    public double? DurationMax { get; init; }

    /// <summary>Whether no task is left out.</summary>
    public bool IsForAll() => Statuses.Count == 0 && Agents.Count == 0 && this == new TaskFilter { Statuses = Statuses, Agents = Agents };
}
