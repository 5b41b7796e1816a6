using FluentValidation;
using GrooteDashboard.Application.Budgets.Contracts;
using GrooteDashboard.Application.Budgets.Ports;
using GrooteDashboard.Application.Common;
using MediatR;

namespace GrooteDashboard.Application.Budgets.Queries;

/// <summary>What was recorded of a budget, newest first; null where there is no such budget.</summary>
/// <param name="BudgetId">The budget.</param>
/// <param name="Before">After the part that gave it.</param>
/// <param name="Limit">How many at most.</param>
public sealed record ListTripsQuery(string BudgetId, long? Before, int Limit) : IQuery<BudgetTripPage?>
{
    public const int MaxLimit = 200;
}

internal sealed class ListTripsValidator : AbstractValidator<ListTripsQuery>
{
    public ListTripsValidator() => RuleFor(q => q.Limit).InclusiveBetween(1, ListTripsQuery.MaxLimit).WithName("limit");
}

internal sealed class ListTripsHandler(IBudgetReader reader) : IRequestHandler<ListTripsQuery, BudgetTripPage?>
{
    public async Task<BudgetTripPage?> Handle(ListTripsQuery query, CancellationToken cancellationToken)
    {
        if (await reader.FindAsync(query.BudgetId, cancellationToken) is null)
        {
            return null;
        }

        var trips = await reader.ListTripsAsync(query.BudgetId, query.Before, query.Limit + 1, cancellationToken);
        return trips.Count <= query.Limit
            ? new BudgetTripPage(trips, null)
            : new BudgetTripPage([.. trips.Take(query.Limit)], trips[query.Limit - 1].TripId);
    }
}
