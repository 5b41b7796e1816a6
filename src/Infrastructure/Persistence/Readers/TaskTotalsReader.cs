using System.Globalization;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Analytics;
using GrooteDashboard.Domain.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

internal sealed class TaskTotalsReader([FromKeyedServices(PlainReads.PlannedOnce)] NpgsqlDataSource source, IAnalyticsReader analytics) : ITaskTotals
{
    /// <summary>No task is older, or newer.</summary>
    private static readonly DateTimeOffset Earliest = new(1970, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Latest = new(2200, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly (Dimension Dimension, string Column)[] Columns =
    [
        (Dimension.Agent, "assigned_agent"), (Dimension.AgentType, "agent_type"), (Dimension.Source, "source"), (Dimension.Model, "model"),
        (Dimension.Status, "status"),
    ];

    public async Task<TaskTotals?> CountAsync(TaskFilter filter, CancellationToken cancellationToken)
    {
        if (FiltersOf(filter) is not { } filters)
        {
            return null;
        }

        if (filter.From is null && filter.To is null)
        {
            return await CountEverAsync(filters, cancellationToken);
        }

        var (from, to) = (Max(filter.From ?? Earliest, Earliest), Min(filter.To ?? Latest, Latest));
        if (from >= to)
        {
            return new TaskTotals(0, 0, 0, 0);
        }

        var question = new TaskQuestion([from, to], Dimension.All, filters);
        if (!question.CanBeAnswered)
        {
            return null;
        }

        var sums = (await analytics.ReadAsync(question, cancellationToken)).SingleOrDefault()?.Measures.Sums ?? default(TaskSums);
        return new TaskTotals(sums.Tasks, sums.CostUsd, sums.InputTokens, sums.OutputTokens);
    }

    /// <summary>Null where it asks for more than the sums tell apart.</summary>
    private static Dictionary<Dimension, IReadOnlyList<string>>? FiltersOf(TaskFilter filter)
    {
        // Whatever else a filter names or may come to name: with the dimensions and the times alone it must be the same filter.
        var kept = new TaskFilter
        {
            Statuses = filter.Statuses, Agents = filter.Agents, AgentType = filter.AgentType, Source = filter.Source, From = filter.From, To = filter.To,
        };
        if (kept != filter)
        {
            return null;
        }

        var filters = new Dictionary<Dimension, IReadOnlyList<string>>();
        void Add(Dimension dimension, IReadOnlyList<string> values)
        {
            if (values.Count > 0)
            {
                filters[dimension] = values;
            }
        }

        Add(Dimension.Status, [.. filter.Statuses.Select(status => status.Name())]);
        Add(Dimension.Agent, filter.Agents);
        Add(Dimension.AgentType, filter.AgentType is { } type ? [type] : []);
        Add(Dimension.Source, filter.Source is { } from ? [from] : []);
        return filters;
    }

    /// <summary>Of all times, whatever is combined.</summary>
    private async Task<TaskTotals> CountEverAsync(Dictionary<Dimension, IReadOnlyList<string>> filters, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        var conditions = new List<string> { "true" };
        foreach (var (dimension, column) in Columns)
        {
            if (filters.TryGetValue(dimension, out var values))
            {
                command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. values] });
                conditions.Add(string.Create(CultureInfo.InvariantCulture, $"coalesce({column}, '') = ANY (${command.Parameters.Count})"));
            }
        }

        var where = string.Join(" AND ", conditions);
        command.CommandText =
            $"""
            SELECT coalesce(sum(tasks), 0)::bigint, coalesce(sum(cost_usd), 0), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0)
            FROM (
                SELECT tasks, cost_usd, input_tokens, output_tokens FROM task_totals WHERE {where}
                UNION ALL
                SELECT sign, sign * round(cost_usd, {TaskFacts.CostDecimals}), sign * input_tokens, sign * output_tokens FROM task_deltas WHERE {where}
            ) AS part
            """;
        // Every list asks for it.
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new TaskTotals(reader.GetInt64(0), reader.GetDecimal(1), reader.GetDecimal(2), reader.GetDecimal(3));
    }

    private static DateTimeOffset Max(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Min(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
