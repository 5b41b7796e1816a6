using FluentValidation;
using GrooteDashboard.Domain.Budgets;

namespace GrooteDashboard.Application.Budgets;

/// <summary>The rules of the entity, told by field before a use case runs.</summary>
internal static class BudgetRules
{
    public static void TermsAreSound<T>(this AbstractValidator<T> validator, Func<T, BudgetTerms> terms) =>
        validator.RuleFor(command => command).Custom((command, context) =>
        {
            foreach (var (field, problem) in terms(command).Problems())
            {
                context.AddFailure(field, problem);
            }
        });
}
