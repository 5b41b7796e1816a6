using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Domain.Tasks;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

/// <summary>
/// A filter as SQL: conditions on the columns of <c>tasks</c>, each of which has its index (0003_task_lists.sql). Values are parameters, and conditions of the
/// same kinds are the same text.
/// </summary>
internal sealed class TaskConditions
{
    private readonly NpgsqlParameterCollection _parameters;
    private readonly List<string> _conditions = [];
    private int _equalities;

    /// <param name="filter">Which tasks.</param>
    /// <param name="parameters">Those of the statement: the values are added to them.</param>
    public TaskConditions(TaskFilter filter, NpgsqlParameterCollection parameters)
    {
        _parameters = parameters;
        AnyOf("tasks.status", [.. filter.Statuses.Select(status => status.Name())]);
        AnyOf("tasks.order_agent", [.. filter.Agents]);
        Equal("tasks.agent_type", filter.AgentType);
        Equal("tasks.source", filter.Source);
        Equal("tasks.session_id", filter.SessionId);
        Equal("tasks.conversation_id", filter.ConversationId);
        Equal("tasks.flow_id", filter.FlowId);
        Equal("tasks.parent_task_id", filter.ParentTaskId);
        // As it stands in the index ix_tasks_text (0005_search.sql).
        If("lower(tasks.task_id || ' ' || substring(tasks.input_message, 1, 1000)) LIKE", PatternOf(filter.Text));
        If("tasks.created_at >=", filter.From);
        If("tasks.created_at <", filter.To);
        If("tasks.order_cost >=", filter.CostMin);
        If("tasks.order_cost <=", filter.CostMax);
        // One that is not known is less than 0.
        If("tasks.order_duration >=", filter.DurationMin ?? (filter.DurationMax is null ? null : 0));
        If("tasks.order_duration <=", filter.DurationMax);
        AllowSeveralValues |= (filter.CostMin ?? filter.CostMax) is not null || (filter.DurationMin ?? filter.DurationMax) is not null;
    }

    /// <summary>Whether all there is to it is that a column has one value.</summary>
    public bool IsOneEquality => _equalities == 1 && _conditions.Count == 1;

    /// <summary>Whether a column may have any of several values: what an index finds then may have to be put in order.</summary>
    public bool AllowSeveralValues { get; private set; }

    public override string ToString() => _conditions.Count == 0 ? "true" : string.Join(" AND ", _conditions);

    /// <summary>What is searched for is text: it means nothing to LIKE.</summary>
    private static string? PatternOf(string? text) => string.IsNullOrWhiteSpace(text) ? null
        : "%" + text.Trim().ToLowerInvariant().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal) + "%";

    /// <summary>One value is not asked for as a list of one: in the order of an index, PostgreSQL reads those of one value only.</summary>
    private void AnyOf(string column, string[] values)
    {
        if (values is [var value])
        {
            Equal(column, value);
        }
        else if (values.Length > 1)
        {
            _conditions.Add($"{column} = ANY ({_parameters.Next(values)})");
            AllowSeveralValues = true;
        }
    }

    private void Equal(string column, string? value)
    {
        _equalities += value is null ? 0 : 1;
        If($"{column} =", value);
    }

    private void If(string condition, string? value)
    {
        if (value is not null)
        {
            _conditions.Add($"{condition} {_parameters.Next(value)}");
        }
    }

    private void If<T>(string condition, T? value)
        where T : struct
    {
        if (value is { } given)
        {
            _conditions.Add($"{condition} {_parameters.Next(given)}");
        }
    }
}
