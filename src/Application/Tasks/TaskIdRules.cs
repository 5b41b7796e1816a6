using FluentValidation;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Domain.Common;

namespace GrooteDashboard.Application.Tasks;

internal static class TaskIdRules
{
    /// <summary>Some, not too many, and each of them an id.</summary>
    public static void AreTaskIds<T>(this IRuleBuilderInitial<T, IReadOnlyList<string>> rule) => rule.Cascade(CascadeMode.Stop)
        .Must(ids => ids.Count is > 0 and <= TaskOutcome.MaxTasks).OverridePropertyName("task_ids").WithMessage($"task_ids must name 1 to {TaskOutcome.MaxTasks} tasks.")
        .Must(ids => ids.All(id => Identifier.IsValid(id))).OverridePropertyName("task_ids").WithMessage("task_ids holds one that is not a valid id.");
}
