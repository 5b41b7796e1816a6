using System.Data.Common;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Domain.Analytics;
using GrooteDashboard.Infrastructure.Persistence.Configurations.Tasks;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Rollups;

/// <summary>The columns from which the facts of a task are read: of tasks and of task_deltas alike.</summary>
internal static class TaskFactsColumns
{
    /// <summary>What a key of a rollup can hold of a name.</summary>
    private const int MaxNameLength = 255;

    /// <summary>All of them.</summary>
    public static string List { get; } = ListFor([Dimension.Agent, Dimension.AgentType, Dimension.Source, Dimension.Model, Dimension.User]);

    /// <summary>Those that tell tasks apart only as far as they have to: names are half of what is read. As many decimals as <see cref="TaskFacts.CostDecimals"/>.</summary>
    public static string ListFor(IReadOnlyCollection<Dimension> dimensions)
    {
        return $"""
            created_at, started_at, completed_at, {Of(Dimension.Agent, "assigned_agent")}, {Of(Dimension.AgentType, "agent_type")}, {Of(Dimension.Source, "source")},
            {Of(Dimension.Model, "model")}, status, {Of(Dimension.User, "user_id")}, round(cost_usd, 12), input_tokens, output_tokens, duration_seconds
            """;

        string Of(Dimension dimension, string column) => dimensions.Contains(dimension) ? column : "NULL::text";
    }

    /// <param name="reader">Stands on a row.</param>
    /// <param name="first">Where the columns begin.</param>
    public static TaskFacts Read(NpgsqlDataReader reader, int first = 0)
    {
        var createdAt = Time(reader, first)!.Value;
        var (startedAt, completedAt) = (Time(reader, first + 1), Time(reader, first + 2));
        return new TaskFacts(
            createdAt,
            Name(reader, first + 3),
            Name(reader, first + 4),
            Name(reader, first + 5),
            Name(reader, first + 6),
            StatusConverter.Parse(reader.GetString(first + 7)),
            Name(reader, first + 8),
            reader.IsDBNull(first + 9) ? null : reader.GetDecimal(first + 9),
            reader.IsDBNull(first + 10) ? 0 : reader.GetInt64(first + 10),
            reader.IsDBNull(first + 11) ? 0 : reader.GetInt64(first + 11),
            TaskFacts.Seconds(reader.IsDBNull(first + 12) ? null : reader.GetDouble(first + 12)) ?? TaskFacts.Between(startedAt, completedAt),
            TaskFacts.Between(createdAt, completedAt),
            TaskFacts.Between(createdAt, startedAt));
    }

    private static DateTimeOffset? Time(DbDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : new DateTimeOffset(reader.GetDateTime(column));

    private static string Name(DbDataReader reader, int column)
    {
        var name = reader.IsDBNull(column) ? "" : reader.GetString(column);
        // Not between the halves of a character.
        return name.Length <= MaxNameLength ? name : name[..(char.IsHighSurrogate(name[MaxNameLength - 1]) ? MaxNameLength - 1 : MaxNameLength)];
    }
}
