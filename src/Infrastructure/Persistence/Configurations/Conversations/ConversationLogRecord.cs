using GrooteDashboard.Domain.Conversations;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace GrooteDashboard.Infrastructure.Persistence.Configurations.Conversations;

/// <summary>A row of conversation_log; <see cref="ConversationLog"/> writes it.</summary>
internal sealed class ConversationLogRecord
{
    public required string ConversationId { get; init; }

    public required long Offset { get; init; }

    public required DateTimeOffset Timestamp { get; init; }

    public string? MessageId { get; init; }

    /// <summary>JSON.</summary>
    public string? TaskStatus { get; init; }
}

internal sealed class ConversationLogRecordConfiguration : IEntityTypeConfiguration<ConversationLogRecord>
{
    public void Configure(EntityTypeBuilder<ConversationLogRecord> row)
    {
        row.ToTable("conversation_log");
        row.HasKey(r => new { r.ConversationId, r.Offset });
        row.Property(r => r.ConversationId).HasColumnName("conversation_id");
        row.Property(r => r.Offset).HasColumnName("offset").ValueGeneratedNever();
        row.Property(r => r.Timestamp).HasColumnName("timestamp");
        row.Property(r => r.MessageId).HasColumnName("message_id");
        row.Property(r => r.TaskStatus).HasColumnName("task_status").HasColumnType("json");
        row.HasOne<Conversation>().WithMany().HasForeignKey(r => r.ConversationId).OnDelete(DeleteBehavior.Cascade);
    }
}
