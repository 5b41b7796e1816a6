using GrooteDashboard.Domain.Conversations;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace GrooteDashboard.Infrastructure.Persistence.Configurations.Conversations;

internal sealed class ConversationConfiguration : IEntityTypeConfiguration<Conversation>
{
    public void Configure(EntityTypeBuilder<Conversation> conversation)
    {
        conversation.ToTable("conversations");
        conversation.HasKey(c => c.ConversationId);
        conversation.Ignore(c => c.DomainEvents);
        conversation.Property(c => c.ConversationId).HasColumnName("conversation_id");
        conversation.Property(c => c.UserId).HasColumnName("user_id");
        conversation.Property(c => c.Title).HasColumnName("title");
        conversation.Property(c => c.AgentType).HasColumnName("agent_type");
        conversation.Property(c => c.FlowId).HasColumnName("flow_id");
        conversation.Property(c => c.CreatedAt).HasColumnName("created_at");
        conversation.Property(c => c.UpdatedAt).HasColumnName("updated_at");
        conversation.Property(c => c.IsArchived).HasColumnName("is_archived");
        conversation.Property(c => c.Metadata).HasColumnName("metadata").HasColumnType("jsonb");
        conversation.Property(c => c.MessageCount).HasColumnName("message_count");
        conversation.Property(c => c.LastMessageNumber).HasColumnName("last_message_number");
        conversation.Property(c => c.TotalCostUsd).HasColumnName("total_cost_usd").HasColumnType("numeric");
        conversation.Property(c => c.TotalTasks).HasColumnName("total_tasks");
        conversation.Property(c => c.TotalDurationSeconds).HasColumnName("total_duration_seconds");
        conversation.Property(c => c.StartedAt).HasColumnName("started_at");
        conversation.Property(c => c.CompletedAt).HasColumnName("completed_at");
        // The aggregate knows nothing of its channel: ConversationLog moves the head.
        conversation.Property<long>("LogOffset").HasColumnName("log_offset");
    }
}
