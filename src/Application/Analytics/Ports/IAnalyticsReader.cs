using GrooteDashboard.Application.Analytics.Contracts;

namespace GrooteDashboard.Application.Analytics.Ports;

/// <summary>What the tasks come to, at a price that does not grow with their number.</summary>
public interface IAnalyticsReader
{
    /// <summary>Exact for the moment at which it is asked, changes of the last second included. Groups without tasks are left out.</summary>
    /// <exception cref="ArgumentException">The question cannot be answered: <see cref="TaskQuestion.CanBeAnswered"/>.</exception>
    Task<IReadOnlyList<TaskGroup>> ReadAsync(TaskQuestion question, CancellationToken cancellationToken);
}
