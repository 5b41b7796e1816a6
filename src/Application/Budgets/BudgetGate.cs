using System.Globalization;
using GrooteDashboard.Application.Budgets.Ports;
using GrooteDashboard.Domain.Budgets;
using GrooteDashboard.Domain.Common;
using Microsoft.Extensions.DependencyInjection;

namespace GrooteDashboard.Application.Budgets;

/// <summary>
/// Whether chat may begin new tasks. It looks at most once per second, whoever asks, and of what is spent only where some budget may stop chat at all; so
/// what was spent, and a budget that was changed, counts a second later at most.
/// </summary>
internal sealed class BudgetGate(IServiceScopeFactory scopes, TimeProvider time)
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private long _lookedAt;
    private Task<SpentBudgets>? _look;

    /// <summary>The budgets that stop chat now. To be asked before a transaction begins: whoever holds one must not wait for another connection.</summary>
    public Task<SpentBudgets> LookAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_look is null or { IsFaulted: true } or { IsCanceled: true } || time.GetElapsedTime(_lookedAt) >= MaxAge)
            {
                _lookedAt = time.GetTimestamp();
                _look = ReadAsync();
            }

            return _look.WaitAsync(cancellationToken);
        }
    }

    /// <summary>For whoever waits for it: it does not end because one of them leaves.</summary>
    private async Task<SpentBudgets> ReadAsync()
    {
        using var deadline = new CancellationTokenSource(Patience, time);
        await using var scope = scopes.CreateAsyncScope();
        var now = time.GetUtcNow();
        var blocking = (await scope.ServiceProvider.GetRequiredService<IBudgetReader>().ListAsync(deadline.Token))
            .Where(budget => budget.Action == BudgetAction.BlockChat).ToList();
        var spent = await scope.ServiceProvider.GetRequiredService<BudgetSpending>().ReadAsync(blocking, now, deadline.Token);
        return new SpentBudgets([.. blocking.Where(budget => budget.StatusOf(spent[budget.BudgetId]) == BudgetStatus.Exceeded)], now);
    }
}

/// <summary>Budgets that stop chat, at a moment.</summary>
internal sealed class SpentBudgets(IReadOnlyList<Budget> budgets, DateTimeOffset now)
{
    /// <exception cref="DomainRuleException">A task of this agent and source would count for one of them.</exception>
    public void Require(string? agent, string source)
    {
        if (budgets.FirstOrDefault(budget => budget.Covers(agent, source)) is not { } spent)
        {
            return;
        }

        var zone = LocalTime.FindZone(spent.Zone) ?? TimeZoneInfo.Utc;
        var reset = TimeZoneInfo.ConvertTime(spent.WindowAt(now).To, zone);
        throw new DomainRuleException("budget_exceeded", string.Create(
            CultureInfo.InvariantCulture,
            $"The budget “{spent.Name}” of ${spent.AmountUsd} per {PeriodName(spent.Period)} is spent. Chat goes on when it begins anew, at {reset:yyyy-MM-dd HH:mm} ({spent.Zone})."));
    }

    private static string PeriodName(BudgetPeriod period) => period switch
    {
        BudgetPeriod.Day => "day",
        BudgetPeriod.Week => "week",
        _ => "month",
    };
}
