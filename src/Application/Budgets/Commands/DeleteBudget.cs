using GrooteDashboard.Application.Budgets.Ports;
using GrooteDashboard.Application.Common;
using MediatR;

namespace GrooteDashboard.Application.Budgets.Commands;

/// <summary>A person deletes a budget, with what was recorded of it; false where there is none of this id.</summary>
public sealed record DeleteBudgetCommand(string BudgetId) : ICommand<bool>;

internal sealed class DeleteBudgetHandler(IBudgetRepository budgets) : IRequestHandler<DeleteBudgetCommand, bool>
{
    public async Task<bool> Handle(DeleteBudgetCommand command, CancellationToken cancellationToken)
    {
        if (await budgets.FindAsync(command.BudgetId, cancellationToken) is not { } budget)
        {
            return false;
        }

        budgets.Remove(budget);
        return true;
    }
}
