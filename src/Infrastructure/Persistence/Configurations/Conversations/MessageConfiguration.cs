using GrooteDashboard.Domain.Conversations;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace GrooteDashboard.Infrastructure.Persistence.Configurations.Conversations;

internal sealed class MessageConfiguration : IEntityTypeConfiguration<Message>
{
    public void Configure(EntityTypeBuilder<Message> message)
    {
        message.ToTable("conversation_messages");
        message.HasKey(m => m.MessageId);
        message.Property(m => m.MessageId).HasColumnName("message_id");
        message.Property(m => m.ConversationId).HasColumnName("conversation_id");
        message.Property(m => m.Number).HasColumnName("number");
        message.Property(m => m.Role).HasColumnName("role").HasConversion(new RoleConverter());
        message.Property(m => m.Content).HasColumnName("content");
        message.Property(m => m.TaskId).HasColumnName("task_id");
        message.Property(m => m.CreatedAt).HasColumnName("created_at");
        message.Property(m => m.Metadata).HasColumnName("metadata").HasColumnType("jsonb");
        message.HasOne<Conversation>().WithMany().HasForeignKey(m => m.ConversationId).OnDelete(DeleteBehavior.Cascade);
    }

    /// <summary>A role is stored by its name on the wire.</summary>
    private sealed class RoleConverter() : ValueConverter<MessageRole, string>(role => role.Name(), name => Parse(name))
    {
        private static MessageRole Parse(string name) =>
            MessageRoles.TryParse(name, out var role) ? role : throw new FormatException($"'{name}' is not a role.");
    }
}
