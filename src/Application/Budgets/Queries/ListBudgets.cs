using AutoMapper;
using FluentValidation;
using GrooteDashboard.Application.Budgets.Contracts;
using GrooteDashboard.Application.Budgets.Ports;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Domain.Budgets;
using MediatR;

namespace GrooteDashboard.Application.Budgets.Queries;

/// <summary>Budgets by name, and how each stands.</summary>
public sealed record ListBudgetsQuery(int Offset, int Limit) : IQuery<BudgetPage>
{
    public const int MaxLimit = Budget.MaxBudgets;
}

internal sealed class ListBudgetsValidator : AbstractValidator<ListBudgetsQuery>
{
    public ListBudgetsValidator()
    {
        RuleFor(q => q.Limit).InclusiveBetween(1, ListBudgetsQuery.MaxLimit).WithName("limit");
        RuleFor(q => q.Offset).InclusiveBetween(0, Budget.MaxBudgets).WithName("offset");
    }
}

internal sealed class ListBudgetsHandler(IBudgetReader reader, BudgetSpending spending, IMapper mapper, TimeProvider time)
    : IRequestHandler<ListBudgetsQuery, BudgetPage>
{
    public async Task<BudgetPage> Handle(ListBudgetsQuery query, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var budgets = await reader.ListAsync(cancellationToken);
        var shown = budgets.Skip(query.Offset).Take(query.Limit).ToList();
        var spent = await spending.ReadAsync(shown, now, cancellationToken);
        return new BudgetPage([.. shown.Select(budget => mapper.ToState(budget, spent[budget.BudgetId], now))], budgets.Count);
    }
}
