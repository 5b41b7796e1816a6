using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace GrooteDashboard.Infrastructure.Persistence.Configurations.Tasks;

/// <summary>A row of agent_outbox.</summary>
internal sealed class AgentOutboxRecord
{
    public long Id { get; private set; }

    public required string Kind { get; init; }

    public required string TaskId { get; init; }

    public required string Payload { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Since when it may have been delivered.</summary>
    public DateTimeOffset? TakenAt { get; init; }
}

internal sealed class AgentOutboxRecordConfiguration : IEntityTypeConfiguration<AgentOutboxRecord>
{
    public void Configure(EntityTypeBuilder<AgentOutboxRecord> row)
    {
        row.ToTable("agent_outbox");
        row.HasKey(r => r.Id);
        row.Property(r => r.Id).HasColumnName("id").ValueGeneratedOnAdd();
        row.Property(r => r.Kind).HasColumnName("kind");
        row.Property(r => r.TaskId).HasColumnName("task_id");
        row.Property(r => r.Payload).HasColumnName("payload");
        row.Property(r => r.CreatedAt).HasColumnName("created_at");
        row.Property(r => r.TakenAt).HasColumnName("taken_at");
    }
}
