using GrooteDashboard.Application.Tasks.Contracts;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

/// <summary>A part of a list of tasks as SQL. Each order has its index (0003_task_lists.sql).</summary>
internal sealed class TaskLists
{
    private const string Created = "tasks.created_at";
    private const string Id = "tasks.task_id";

    private TaskLists(NpgsqlBatchCommand statement, bool hasOnePlan) => (Statement, HasOnePlan) = (statement, hasOnePlan);

    public NpgsqlBatchCommand Statement { get; }

    /// <summary>Whether one index serves it, in order, whatever the values are. Else the best plan depends on how many tasks they match.</summary>
    public bool HasOnePlan { get; }

    /// <param name="columns">What is read of each task.</param>
    /// <param name="filter">Which tasks.</param>
    /// <param name="order">In which order.</param>
    /// <param name="after">Those that follow this place; null from the beginning.</param>
    /// <param name="skip">So many of them are passed over.</param>
    /// <param name="take">How many at most.</param>
    public static TaskLists Of(string columns, TaskFilter filter, TaskOrder order, TaskCursor? after, int skip, int take)
    {
        var statement = new NpgsqlBatchCommand();
        var parameters = statement.Parameters;
        var conditions = new TaskConditions(filter, parameters);
        string[] keys = order.Key == TaskSortKey.Created ? [Created, Id] : [ColumnOf(order.Key), Created, Id];
        var where = after is null ? $"{conditions}" : $"{conditions} AND ({string.Join(", ", keys)}) {(order.Descending ? '<' : '>')} ({string.Join(", ", ValuesOf(after, parameters))})";
        var inOrder = $"ORDER BY {string.Join(", ", order.Descending ? keys.Select(key => key + " DESC") : keys)}";
        var page = $"FROM tasks WHERE {where} {inOrder} LIMIT {parameters.Next(take)}{(skip > 0 ? $" OFFSET {parameters.Next(skip)}" : "")}";
        // Which they are first: what is shown of a task is made for those of the page alone, not for those that are passed over or put in order. Of a range it is
        // known from the index (0009_range_indexes.sql), and only their rows are read. ANY (ARRAY ()) is planned in two thirds of the time of IN ().
        statement.CommandText = skip > 0 || conditions.AllowSeveralValues
            ? $"SELECT {columns} FROM tasks WHERE {Id} = ANY (ARRAY(SELECT {Id} {page})) {inOrder}"
            : $"SELECT {columns} {page}";
        return new TaskLists(statement, skip == 0 && (order.Key == TaskSortKey.Created
            ? (after is null && conditions.IsOneEquality) || (filter with { From = null, To = null }).IsForAll()
            : filter.IsForAll()));
    }

    private static string ColumnOf(TaskSortKey key) => key switch
    {
        TaskSortKey.Completed => "tasks.order_completed",
        TaskSortKey.Cost => "tasks.order_cost",
        TaskSortKey.Duration => "tasks.order_duration",
        TaskSortKey.Tokens => "tasks.order_tokens",
        TaskSortKey.Agent => "tasks.order_agent",
        TaskSortKey.AgentType => "tasks.agent_type",
        TaskSortKey.Source => "tasks.source",
        // As it is stored: a status is a name there.
        TaskSortKey.Status => "tasks.status",
        _ => throw new ArgumentOutOfRangeException(nameof(key), key, null),
    };

    /// <summary>The place, as the keys name it.</summary>
    private static IEnumerable<string> ValuesOf(TaskCursor place, NpgsqlParameterCollection parameters)
    {
        if (place.Order.Key != TaskSortKey.Created)
        {
            yield return place.Value switch
            {
                DateTimeOffset time => parameters.Next(time),
                decimal cost => parameters.Next(cost),
                double seconds => parameters.Next(seconds),
                long tokens => parameters.Next(tokens),
                var name => parameters.Next((string)name),
            };
        }

        yield return parameters.Next(place.CreatedAt);
        yield return parameters.Next(place.TaskId);
    }
}
