using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Infrastructure.Persistence.Configurations.Tasks;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace GrooteDashboard.Infrastructure.Persistence.Configurations.Realtime;

/// <summary>A row of task_log as it is read; rows are written by COPY.</summary>
internal sealed class TaskLogRecord
{
    public required string TaskId { get; init; }

    public required long Offset { get; init; }

    public required DateTimeOffset Timestamp { get; init; }

    public string? SourceId { get; init; }

    public string? Kind { get; init; }

    public string? Output { get; init; }

    public string? Data { get; init; }

    public AgentTaskStatus? Status { get; init; }

    public AgentTaskStatus? PreviousStatus { get; init; }
}

internal sealed class TaskLogRecordConfiguration : IEntityTypeConfiguration<TaskLogRecord>
{
    public void Configure(EntityTypeBuilder<TaskLogRecord> row)
    {
        row.ToTable("task_log");
        row.HasKey(r => new { r.TaskId, r.Offset });
        row.Property(r => r.TaskId).HasColumnName("task_id");
        row.Property(r => r.Offset).HasColumnName("offset").ValueGeneratedNever();
        row.Property(r => r.Timestamp).HasColumnName("timestamp");
        row.Property(r => r.SourceId).HasColumnName("source_id");
        row.Property(r => r.Kind).HasColumnName("kind");
        row.Property(r => r.Output).HasColumnName("output");
        row.Property(r => r.Data).HasColumnName("data").HasColumnType("json");
        row.Property(r => r.Status).HasColumnName("status").HasConversion(StatusConverter.Instance);
        row.Property(r => r.PreviousStatus).HasColumnName("previous_status").HasConversion(StatusConverter.Instance);
    }
}
