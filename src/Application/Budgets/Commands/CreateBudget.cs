using AutoMapper;
using FluentValidation;
using GrooteDashboard.Application.Budgets.Contracts;
using GrooteDashboard.Application.Budgets.Ports;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Domain.Budgets;
using GrooteDashboard.Domain.Common;
using MediatR;

namespace GrooteDashboard.Application.Budgets.Commands;

/// <summary>A person sets a budget.</summary>
public sealed record CreateBudgetCommand(BudgetTerms Terms) : ICommand<BudgetSummary>;

internal sealed class CreateBudgetValidator : AbstractValidator<CreateBudgetCommand>
{
    public CreateBudgetValidator() => this.TermsAreSound(c => c.Terms);
}

internal sealed class CreateBudgetHandler(IBudgetRepository budgets, IMapper mapper, TimeProvider time) : IRequestHandler<CreateBudgetCommand, BudgetSummary>
{
    public async Task<BudgetSummary> Handle(CreateBudgetCommand command, CancellationToken cancellationToken)
    {
        if (await budgets.CountAsync(cancellationToken) >= Budget.MaxBudgets)
        {
            throw new DomainRuleException("too_many_budgets", $"There are {Budget.MaxBudgets} budgets already, and there may not be more.");
        }

        var now = time.GetUtcNow();
        var budget = Budget.Create(NewId.ForBudget(now), command.Terms, now);
        budgets.Add(budget);
        return mapper.Map<BudgetSummary>(budget);
    }
}
