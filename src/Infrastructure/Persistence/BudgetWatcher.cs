using System.Diagnostics.Metrics;
using GrooteDashboard.Application.Budgets.Commands;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.System.Ports;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>Has the thresholds recorded that budgets reach, in one process at a time. Once per second it looks whether anything has changed at all.</summary>
internal sealed class BudgetWatcher : LeasedWork, IComponentHealth
{
    public const string LeaseName = "budgets";
    public const string MeterName = "GrooteDashboard.Budgets";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>After so long it looks at every budget, though nothing seems to have changed: tasks may have changed places.</summary>
    private static readonly TimeSpan LookAnyway = TimeSpan.FromMinutes(1);

    private readonly IServiceScopeFactory _scopes;
    private readonly Counter<long> _trips;
    private BudgetMark? _seen;
    private long _lookedAt;
    private long _total;

    public BudgetWatcher(
        IServiceScopeFactory scopes, [FromKeyedServices(LeaseName)] IIngestLease lease, TimeProvider time, IMeterFactory meters, ILogger<BudgetWatcher> logger)
        : base(
            lease,
            new LeasedWorkText("watching", "watch the budgets", "Budgets cannot be watched"),
            (TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2)),
            meters.Create(MeterName).CreateCounter<long>("dashboard.budgets.failures", "{attempt}", "Attempts to look after the budgets that failed"),
            time,
            logger)
    {
        _scopes = scopes;
        _trips = meters.Create(MeterName).CreateCounter<long>("dashboard.budgets.trips", "{trip}", "Thresholds of budgets that were reached, where this process watches");
    }

    public string Name => "budgets";

    /// <summary>Always ready: what is spent is known all the same, and chat is stopped all the same.</summary>
    public ComponentHealth Current => new(State.Status, State.Since, Ready: true, new Dictionary<string, long> { ["trips"] = Volatile.Read(ref _total) });

    protected override async Task<bool> WorkAsync(CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        await using var scope = _scopes.CreateAsyncScope();
        var seen = Time.GetElapsedTime(_lookedAt) < LookAnyway ? _seen : null;
        var recorded = await scope.ServiceProvider.GetRequiredService<IMediator>().Send(new RecordTripsCommand(seen), deadline.Token);
        if (seen is null || recorded.Mark != seen)
        {
            (_seen, _lookedAt) = (recorded.Mark, Time.GetTimestamp());
        }

        _trips.Add(recorded.Count);
        Interlocked.Add(ref _total, recorded.Count);
        return false;
    }

    protected override Task RestAsync(bool more, TimeSpan worked, CancellationToken cancellationToken) => Task.Delay(Interval, Time, cancellationToken);

    protected override void Forget() => _seen = null;
}
