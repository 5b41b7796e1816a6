using GrooteDashboard.Domain.Identity;
using GrooteDashboard.Domain.Tasks;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace GrooteDashboard.Infrastructure.Persistence.Configurations.Tasks;

internal sealed class AgentTaskConfiguration : IEntityTypeConfiguration<AgentTask>
{
    public void Configure(EntityTypeBuilder<AgentTask> task)
    {
        task.ToTable("tasks");
        task.HasKey(t => t.TaskId);
        task.Ignore(t => t.DomainEvents);
        task.Ignore(t => t.Totals);
        task.Property(t => t.TaskId).HasColumnName("task_id");
        task.Property(t => t.SessionId).HasColumnName("session_id");
        task.Property(t => t.UserId).HasColumnName("user_id");
        task.Property(t => t.Status).HasColumnName("status").HasConversion(StatusConverter.Instance);
        task.Property(t => t.ProvisionalUntil).HasColumnName("provisional_until");
        task.Property(t => t.AssignedAgent).HasColumnName("assigned_agent");
        task.Property(t => t.AgentType).HasColumnName("agent_type");
        task.Property(t => t.Source).HasColumnName("source");
        task.Property(t => t.Model).HasColumnName("model");
        task.Property(t => t.CreatedAt).HasColumnName("created_at");
        task.Property(t => t.StartedAt).HasColumnName("started_at");
        task.Property(t => t.CompletedAt).HasColumnName("completed_at");
        task.Property(t => t.InputMessage).HasColumnName("input_message");
        task.Property(t => t.Result).HasColumnName("result");
        task.Property(t => t.Error).HasColumnName("error");
        task.Property(t => t.FinalOutput).HasColumnName("final_output");
        task.Property(t => t.OutputDueAt).HasColumnName("output_due_at");
        task.Property(t => t.CostUsd).HasColumnName("cost_usd").HasColumnType("numeric");
        task.Property(t => t.InputTokens).HasColumnName("input_tokens");
        task.Property(t => t.OutputTokens).HasColumnName("output_tokens");
        task.Property(t => t.DurationSeconds).HasColumnName("duration_seconds");
        task.Property(t => t.SourceMetadata).HasColumnName("source_metadata").HasColumnType("jsonb");
        task.Property(t => t.ConversationId).HasColumnName("conversation_id");
        task.Property(t => t.FlowId).HasColumnName("flow_id");
        task.Property(t => t.ParentTaskId).HasColumnName("parent_task_id");
        task.Property(t => t.StopRequestedAt).HasColumnName("stop_requested_at");
        task.Property(t => t.StopConfirmedAt).HasColumnName("stop_confirmed_at");
        task.Property(t => t.Version).HasColumnName("version").IsConcurrencyToken();
        task.HasOne<Session>().WithMany().HasForeignKey(t => t.SessionId).OnDelete(DeleteBehavior.Restrict);
        // What lists are ordered by: columns that PostgreSQL computes and the entity knows nothing of.
        Computed<string>(task, "OrderAgent", "order_agent");
        Computed<DateTimeOffset>(task, "OrderCompleted", "order_completed");
        Computed<decimal>(task, "OrderCost", "order_cost").HasColumnType("numeric");
        Computed<long>(task, "OrderTokens", "order_tokens");
        Computed<double>(task, "OrderDuration", "order_duration");
    }

    /// <summary>Neither written nor, which would cost every write an answer, read back.</summary>
    private static PropertyBuilder<T> Computed<T>(EntityTypeBuilder<AgentTask> task, string name, string column)
    {
        var property = task.Property<T>(name).HasColumnName(column).IsRequired();
        property.Metadata.SetBeforeSaveBehavior(PropertySaveBehavior.Ignore);
        property.Metadata.SetAfterSaveBehavior(PropertySaveBehavior.Ignore);
        return property;
    }
}
