using System.Linq.Expressions;
using FluentValidation;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Tasks;

/// <summary>The bounds of a filter, under the names of its parameters.</summary>
internal sealed class TaskFilterValidator : AbstractValidator<TaskFilter>
{
    public const int MaxAgents = 50;

    public TaskFilterValidator()
    {
        RuleFor(f => f.Agents).Must(agents => agents.Count <= MaxAgents).OverridePropertyName("agent").WithMessage($"agent names more than {MaxAgents} agents.");
        RuleFor(f => f.Agents).Must(agents => agents.All(agent => agent.Length <= AgentTask.MaxNameLength && IsStorable(agent))).OverridePropertyName("agent")
            .WithMessage("agent is no name of an agent.");
        Name(f => f.AgentType, "agent_type");
        Name(f => f.Source, "source");
        Name(f => f.SessionId, "session");
        Name(f => f.ConversationId, "conversation");
        Name(f => f.FlowId, "flow_id");
        Name(f => f.ParentTaskId, "parent");
        Name(f => f.Text, "text");
        // The index knows threes of characters: for fewer every task would be read.
        RuleFor(f => f.Text).Must(text => string.IsNullOrEmpty(text) || text.Trim().Length >= TaskFilter.MinTextLength).OverridePropertyName("text")
            .WithMessage($"text must have at least {TaskFilter.MinTextLength} characters.");
        RuleFor(f => f.To).Must((filter, to) => !(filter.From >= to)).OverridePropertyName("date_to").WithMessage("date_to must be after date_from.");
        Range(f => f.CostMin, f => f.CostMax, "cost", 0, TaskFigures.MaxCostUsd);
        Range(f => f.DurationMin, f => f.DurationMax, "duration", 0, TaskFigures.MaxDurationSeconds);
    }

    /// <summary>PostgreSQL's text has no NUL.</summary>
    private static bool IsStorable(string value) => !value.Contains('\0', StringComparison.Ordinal);

    private void Name(Expression<Func<TaskFilter, string?>> value, string name) =>
        RuleFor(value).MaximumLength(AgentTask.MaxNameLength).Must(text => text is null || IsStorable(text)).OverridePropertyName(name).WithName(name);

    private void Range<T>(Expression<Func<TaskFilter, T?>> min, Expression<Func<TaskFilter, T?>> max, string name, T least, T most)
        where T : struct, IComparable<T>, IComparable
    {
        var minOf = min.Compile();
        RuleFor(min).InclusiveBetween(least, most).OverridePropertyName(name + "_min").WithName(name + "_min");
        RuleFor(max).InclusiveBetween(least, most).OverridePropertyName(name + "_max").WithName(name + "_max");
        RuleFor(max).Must((filter, value) => value is not { } upper || minOf(filter) is not { } lower || lower.CompareTo(upper) <= 0)
            .OverridePropertyName(name + "_max").WithMessage($"{name}_max must not be less than {name}_min.");
    }
}
