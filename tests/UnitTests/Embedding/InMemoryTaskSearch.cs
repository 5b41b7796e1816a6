using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Application.Tasks.Search;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.UnitTests.Embedding;

/// <summary>Finds what tasks were asked and said line by line, in all of them: good enough where there are few. Of the filters it knows status and time.</summary>
internal sealed class InMemoryTaskSearch(InMemoryDatabase database) : ITaskSearch
{
    public Task<TaskSearchHits> FindAsync(
        SearchExpression expression, IReadOnlyList<string> parts, TaskFilter filter, long? before, int limit, CancellationToken cancellationToken)
    {
        var places = database.Tasks
            .Where(task => filter.Statuses.Count == 0 || filter.Statuses.Contains(task.Status))
            .Where(task => (filter.From is null || task.CreatedAt >= filter.From) && (filter.To is null || task.CreatedAt < filter.To))
            .OrderBy(task => task.CreatedAt).SelectMany(task => Lines(task, parts)).Index().Reverse();
        var hits = new List<TaskSearchHit>();
        foreach (var (place, (task, part, line)) in places.Where(place => before is null || place.Index < before))
        {
            var (ranges, terms) = expression.FindIn(line.Text, 20);
            if (terms < expression.Terms.Count)
            {
                continue;
            }

            var snippet = Snippet.Of(line.Text, ranges);
            hits.Add(new TaskSearchHit(
                task.TaskId, task.Status, task.AssignedAgent, task.Source, task.CreatedAt, task.InputMessage, part, line.Offset, line.Index, line.Address, line.Kind,
                line.Timestamp, snippet.Text, snippet.Ranges));
            if (hits.Count == limit)
            {
                return Task.FromResult(new TaskSearchHits(hits, place, Complete: true));
            }
        }

        return Task.FromResult(new TaskSearchHits(hits, null, Complete: true));
    }

    private IEnumerable<(AgentTask Task, string Part, LogLine Line)> Lines(AgentTask task, IReadOnlyList<string> parts)
    {
        var lines = new LogLines();
        var output = database.RowsOf(task.TaskId).Where(row => row.Kind is not null)
            .SelectMany(row => lines.Add(row.Offset, row.Kind!, row.Timestamp, row.Output!)).Concat(lines.End()).Select(line => (task, "output", line));
        var input = new LogLines().Add(0, "input", task.CreatedAt, task.InputMessage).Select(line => (task, "input", line));
        return input.Concat(output).Where(line => parts.Count == 0 || parts.Contains(line.Item2));
    }
}
