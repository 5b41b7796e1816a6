using GrooteDashboard.Application.Tasks.Contracts;

namespace GrooteDashboard.Application.Tasks.Ports;

/// <summary>What the tasks of a list come to, at a price that does not grow with their number.</summary>
public interface ITaskTotals
{
    /// <summary>
    /// Exact for the moment at which it is asked. Null where totals are not kept for what the filter combines: by time together with more than two
    /// other filters.
    /// </summary>
    Task<TaskTotals?> CountAsync(TaskFilter filter, CancellationToken cancellationToken);
}

/// <param name="Tasks">How many there are.</param>
/// <param name="CostUsd">US dollars.</param>
/// <param name="InputTokens">Tokens read by models.</param>
/// <param name="OutputTokens">Tokens written by models.</param>
public sealed record TaskTotals(long Tasks, decimal CostUsd, decimal InputTokens, decimal OutputTokens);
