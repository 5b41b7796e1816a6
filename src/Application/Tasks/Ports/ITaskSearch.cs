using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Search;

namespace GrooteDashboard.Application.Tasks.Ports;

/// <summary>Full-text search over what tasks were asked, what they said, and how they ended. It may be some seconds behind.</summary>
public interface ITaskSearch
{
    /// <summary>Passages that hold everything that the expression names, newest first.</summary>
    /// <param name="expression">What is searched for.</param>
    /// <param name="parts">Where: input, output, result, error; empty for everywhere.</param>
    /// <param name="filter">Of which tasks.</param>
    /// <param name="before">Only what is older than this place; null for the newest.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Ends the search in the store, too.</param>
    /// <exception cref="SearchTooSlowException">Nothing was found in the time that a search may take.</exception>
    Task<TaskSearchHits> FindAsync(
        SearchExpression expression, IReadOnlyList<string> parts, TaskFilter filter, long? before, int limit, CancellationToken cancellationToken);
}
