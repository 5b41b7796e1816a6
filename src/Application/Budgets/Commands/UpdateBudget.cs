using AutoMapper;
using FluentValidation;
using GrooteDashboard.Application.Budgets.Contracts;
using GrooteDashboard.Application.Budgets.Ports;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Domain.Budgets;
using MediatR;

namespace GrooteDashboard.Application.Budgets.Commands;

/// <summary>A person gives a budget other terms, in place of all that it had; null where there is none of this id.</summary>
public sealed record UpdateBudgetCommand(string BudgetId, BudgetTerms Terms) : ICommand<BudgetSummary?>;

internal sealed class UpdateBudgetValidator : AbstractValidator<UpdateBudgetCommand>
{
    public UpdateBudgetValidator() => this.TermsAreSound(c => c.Terms);
}

internal sealed class UpdateBudgetHandler(IBudgetRepository budgets, IMapper mapper, TimeProvider time) : IRequestHandler<UpdateBudgetCommand, BudgetSummary?>
{
    public async Task<BudgetSummary?> Handle(UpdateBudgetCommand command, CancellationToken cancellationToken)
    {
        if (await budgets.FindAsync(command.BudgetId, cancellationToken) is not { } budget)
        {
            return null;
        }

        budget.Change(command.Terms, time.GetUtcNow());
        return mapper.Map<BudgetSummary>(budget);
    }
}
