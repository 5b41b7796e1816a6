using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace GrooteDashboard.Infrastructure.Persistence.Configurations.Analytics;

// The tables of the rollups are read and written by SQL alone. They are in the model so that it is the whole schema.

/// <summary>A row of task_rollups.</summary>
internal sealed record TaskRollupRecord(
    short Dimension,
    short Level,
    DateTimeOffset Bucket,
    string Value,
    string Value2,
    long Tasks,
    long Queued,
    long Running,
    long WaitingInput,
    long Completed,
    long Failed,
    long Cancelled,
    decimal CostUsd,
    decimal InputTokens,
    decimal OutputTokens,
    long DurationCount,
    decimal DurationSeconds,
    long TurnaroundCount,
    decimal TurnaroundSeconds,
    long QueueCount,
    decimal QueueSeconds,
    byte[] Durations,
    byte[] QueueTimes,
    byte[] Costs);

/// <summary>A row of task_totals.</summary>
internal sealed record TaskTotalRecord(
    string AssignedAgent,
    string AgentType,
    string Source,
    string Model,
    string Status,
    long Tasks,
    decimal CostUsd,
    decimal InputTokens,
    decimal OutputTokens);

/// <summary>A row of task_deltas.</summary>
internal sealed record TaskDeltaRecord(
    short Sign,
    DateTimeOffset CreatedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? CompletedAt,
    string? AssignedAgent,
    string AgentType,
    string Source,
    string? Model,
    string Status,
    string UserId,
    decimal? CostUsd,
    long? InputTokens,
    long? OutputTokens,
    double? DurationSeconds,
    DateTimeOffset WrittenAt);

/// <summary>A row of conversation_days.</summary>
internal sealed record ConversationDayRecord(DateOnly Day, long Conversations, decimal CostUsd, long Tasks, decimal DurationSeconds);

internal sealed class TaskRollupRecordConfiguration : IEntityTypeConfiguration<TaskRollupRecord>
{
    public void Configure(EntityTypeBuilder<TaskRollupRecord> row)
    {
        row.ToTable("task_rollups");
        row.HasKey(r => new { r.Dimension, r.Level, r.Bucket, r.Value, r.Value2 });
        row.NameColumns();
    }
}

internal sealed class TaskTotalRecordConfiguration : IEntityTypeConfiguration<TaskTotalRecord>
{
    public void Configure(EntityTypeBuilder<TaskTotalRecord> row)
    {
        row.ToTable("task_totals");
        row.HasKey(r => new { r.AssignedAgent, r.AgentType, r.Source, r.Model, r.Status });
        row.NameColumns();
    }
}

internal sealed class TaskDeltaRecordConfiguration : IEntityTypeConfiguration<TaskDeltaRecord>
{
    public void Configure(EntityTypeBuilder<TaskDeltaRecord> row)
    {
        row.ToTable("task_deltas");
        row.HasNoKey();
        row.NameColumns();
    }
}

internal sealed class ConversationDayRecordConfiguration : IEntityTypeConfiguration<ConversationDayRecord>
{
    public void Configure(EntityTypeBuilder<ConversationDayRecord> row)
    {
        row.ToTable("conversation_days");
        row.HasNoKey();
        row.NameColumns();
    }
}

internal static class SnakeCase
{
    /// <summary>Columns have the names of the properties, as PostgreSQL writes them.</summary>
    public static void NameColumns<T>(this EntityTypeBuilder<T> row)
        where T : class
    {
        foreach (var property in typeof(T).GetProperties())
        {
            var column = row.Property(property.PropertyType, property.Name).HasColumnName(JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name).Replace("value_2", "value2", StringComparison.Ordinal));
            if (property.PropertyType == typeof(decimal) || property.PropertyType == typeof(decimal?))
            {
                column.HasColumnType("numeric");
            }
        }
    }
}
