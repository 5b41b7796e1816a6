using System.Linq.Expressions;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Infrastructure.Persistence.Configurations.Tasks;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

/// <summary>Filters and orders of tasks as SQL. Each of them has its index (0003_task_lists.sql).</summary>
internal static class TaskLists
{
    public static IQueryable<AgentTask> Matching(this IQueryable<AgentTask> tasks, TaskFilter filter)
    {
        tasks = filter.Statuses switch
        {
            [] => tasks,
            [var status] => tasks.Where(task => task.Status == status),
            var statuses => tasks.Where(task => statuses.Contains(task.Status)),
        };
        tasks = filter.Agents switch
        {
            [] => tasks,
            [var agent] => tasks.Where(task => EF.Property<string>(task, AgentTaskConfiguration.OrderAgent) == agent),
            var agents => tasks.Where(task => agents.Contains(EF.Property<string>(task, AgentTaskConfiguration.OrderAgent))),
        };
        return tasks
            .If(filter.AgentType, type => task => task.AgentType == type)
            .If(filter.Source, source => task => task.Source == source)
            .If(filter.SessionId, session => task => task.SessionId == session)
            .If(filter.ConversationId, conversation => task => task.ConversationId == conversation)
            .If(filter.FlowId, flow => task => task.FlowId == flow)
            .If(filter.ParentTaskId, parent => task => task.ParentTaskId == parent)
            // As it stands in the index ix_tasks_text (0005_search.sql).
#pragma warning disable CA1845 // It becomes SQL, which has no spans.
            .If(PatternOf(filter.Text), pattern => task => EF.Functions.Like((task.TaskId + " " + task.InputMessage.Substring(0, 1000)).ToLower(), pattern, "\\"))
#pragma warning restore CA1845
            .If(filter.From, from => task => task.CreatedAt >= from)
            .If(filter.To, to => task => task.CreatedAt < to)
            .If(filter.CostMin, min => task => EF.Property<decimal>(task, AgentTaskConfiguration.OrderCost) >= min)
            .If(filter.CostMax, max => task => EF.Property<decimal>(task, AgentTaskConfiguration.OrderCost) <= max)
            // One that is not known is less than 0.
            .If(filter.DurationMin ?? (filter.DurationMax is null ? null : 0), min => task => EF.Property<double>(task, AgentTaskConfiguration.OrderDuration) >= min)
            .If(filter.DurationMax, max => task => EF.Property<double>(task, AgentTaskConfiguration.OrderDuration) <= max);
    }

    /// <summary>The tasks that come after a place, in order.</summary>
    public static IQueryable<AgentTask> InOrder(this IQueryable<AgentTask> tasks, TaskOrder order, TaskCursor? after) => order.Key switch
    {
        TaskSortKey.Created => tasks.ByCreation(order.Descending, after),
        TaskSortKey.Completed => tasks.By(task => EF.Property<DateTimeOffset>(task, AgentTaskConfiguration.OrderCompleted), order.Descending, after),
        TaskSortKey.Cost => tasks.By(task => EF.Property<decimal>(task, AgentTaskConfiguration.OrderCost), order.Descending, after),
        TaskSortKey.Duration => tasks.By(task => EF.Property<double>(task, AgentTaskConfiguration.OrderDuration), order.Descending, after),
        TaskSortKey.Tokens => tasks.By(task => EF.Property<long>(task, AgentTaskConfiguration.OrderTokens), order.Descending, after),
        TaskSortKey.Agent => tasks.By(task => EF.Property<string>(task, AgentTaskConfiguration.OrderAgent), order.Descending, after),
        TaskSortKey.AgentType => tasks.By(task => task.AgentType, order.Descending, after),
        TaskSortKey.Source => tasks.By(task => task.Source, order.Descending, after),
        // As it is stored: a status is a name there.
        TaskSortKey.Status => tasks.By(task => (string)(object)task.Status, order.Descending, after),
        _ => throw new ArgumentOutOfRangeException(nameof(order), order.Key, null),
    };

    private static IQueryable<AgentTask> If<T>(this IQueryable<AgentTask> tasks, T? value, Func<T, Expression<Func<AgentTask, bool>>> condition)
        where T : struct => value is { } given ? tasks.Where(condition(given)) : tasks;

    /// <summary>What is searched for is text: it means nothing to LIKE.</summary>
    private static string? PatternOf(string? text) => string.IsNullOrWhiteSpace(text) ? null
        : "%" + text.Trim().ToLowerInvariant().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal) + "%";

    private static IQueryable<AgentTask> If(this IQueryable<AgentTask> tasks, string? value, Func<string, Expression<Func<AgentTask, bool>>> condition) =>
        value is null ? tasks : tasks.Where(condition(value));

    private static IQueryable<AgentTask> ByCreation(this IQueryable<AgentTask> tasks, bool descending, TaskCursor? after)
    {
        if (after is { CreatedAt: var createdAt, TaskId: var taskId })
        {
            tasks = descending
                ? tasks.Where(task => EF.Functions.LessThan(ValueTuple.Create(task.CreatedAt, task.TaskId), ValueTuple.Create(createdAt, taskId)))
                : tasks.Where(task => EF.Functions.GreaterThan(ValueTuple.Create(task.CreatedAt, task.TaskId), ValueTuple.Create(createdAt, taskId)));
        }

        return descending
            ? tasks.OrderByDescending(task => task.CreatedAt).ThenByDescending(task => task.TaskId)
            : tasks.OrderBy(task => task.CreatedAt).ThenBy(task => task.TaskId);
    }

    private static IQueryable<AgentTask> By<T>(this IQueryable<AgentTask> tasks, Expression<Func<AgentTask, T>> key, bool descending, TaskCursor? after)
    {
        if (after is not null)
        {
            var (value, createdAt, taskId) = ((T)after.Value, after.CreatedAt, after.TaskId);
            Expression<Func<AgentTask, T, bool>> follows = descending
                ? (task, own) => EF.Functions.LessThan(ValueTuple.Create(own, task.CreatedAt, task.TaskId), ValueTuple.Create(value, createdAt, taskId))
                : (task, own) => EF.Functions.GreaterThan(ValueTuple.Create(own, task.CreatedAt, task.TaskId), ValueTuple.Create(value, createdAt, taskId));
            tasks = tasks.Where(Of(follows, key));
        }

        return descending
            ? tasks.OrderByDescending(key).ThenByDescending(task => task.CreatedAt).ThenByDescending(task => task.TaskId)
            : tasks.OrderBy(key).ThenBy(task => task.CreatedAt).ThenBy(task => task.TaskId);
    }

    /// <summary>The condition with the task's own value put into it.</summary>
    private static Expression<Func<AgentTask, bool>> Of<T>(Expression<Func<AgentTask, T, bool>> condition, Expression<Func<AgentTask, T>> value)
    {
        var (task, own) = (condition.Parameters[0], condition.Parameters[1]);
        var ownValue = ReplacingExpressionVisitor.Replace(value.Parameters[0], task, value.Body);
        return Expression.Lambda<Func<AgentTask, bool>>(ReplacingExpressionVisitor.Replace(own, ownValue, condition.Body), task);
    }
}
