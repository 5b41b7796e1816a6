using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace GrooteDashboard.Infrastructure.Persistence.Configurations.Realtime;

/// <summary>A row of the outbox.</summary>
internal sealed class OutboxRecord
{
    /// <summary>A status entry for the log of the task that is the key.</summary>
    public const string TaskLogTopic = "task_log";

    public long Id { get; private set; }

    public required string Topic { get; init; }

    public required string Key { get; init; }

    /// <summary>JSON.</summary>
    public required string Payload { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

internal sealed class OutboxRecordConfiguration : IEntityTypeConfiguration<OutboxRecord>
{
    public void Configure(EntityTypeBuilder<OutboxRecord> row)
    {
        row.ToTable("outbox");
        row.HasKey(r => r.Id);
        row.Property(r => r.Id).HasColumnName("id").ValueGeneratedOnAdd();
        row.Property(r => r.Topic).HasColumnName("topic");
        row.Property(r => r.Key).HasColumnName("key");
        row.Property(r => r.Payload).HasColumnName("payload").HasColumnType("json");
        row.Property(r => r.CreatedAt).HasColumnName("created_at");
    }
}
