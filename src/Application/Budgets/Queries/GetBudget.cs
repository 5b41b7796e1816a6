using AutoMapper;
using GrooteDashboard.Application.Budgets.Contracts;
using GrooteDashboard.Application.Budgets.Ports;
using GrooteDashboard.Application.Common;
using MediatR;

namespace GrooteDashboard.Application.Budgets.Queries;

/// <summary>One budget, and how it stands; null where there is none of this id.</summary>
public sealed record GetBudgetQuery(string BudgetId) : IQuery<BudgetState?>;

internal sealed class GetBudgetHandler(IBudgetReader reader, BudgetSpending spending, IMapper mapper, TimeProvider time)
    : IRequestHandler<GetBudgetQuery, BudgetState?>
{
    public async Task<BudgetState?> Handle(GetBudgetQuery query, CancellationToken cancellationToken)
    {
        if (await reader.FindAsync(query.BudgetId, cancellationToken) is not { } budget)
        {
            return null;
        }

        var now = time.GetUtcNow();
        var spent = await spending.ReadAsync([budget], now, cancellationToken);
        return mapper.ToState(budget, spent[budget.BudgetId], now);
    }
}
