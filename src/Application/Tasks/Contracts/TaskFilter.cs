using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Tasks.Contracts;

/// <summary>Which tasks a list shows; filters combine, null or empty means no filter.</summary>
/// <param name="Statuses">Any of these.</param>
/// <param name="Agent">Assigned to this agent.</param>
/// <param name="From">Created at or after.</param>
/// <param name="To">Created before.</param>
public sealed record TaskFilter(
    IReadOnlyList<AgentTaskStatus> Statuses,
    string? Agent = null,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null);
