using System.Diagnostics.Metrics;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.System.Ports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Infrastructure.Persistence.Rollups;

/// <summary>
/// Folds deltas into the rollups, in one process at a time. Nobody waits for it: while it is behind, answers take longer, because readers add up what it has not
/// folded, and are the same.
/// </summary>
internal sealed class RollupFolder : LeasedWork, IComponentHealth
{
    public const string LeaseName = "rollups";
    public const string MeterName = "GrooteDashboard.Rollups";

    /// <summary>Deltas in one transaction.</summary>
    private const int MaxDeltas = 5_000;

    /// <summary>So many have left so much room behind that it is worth taking back.</summary>
    private const int TidyAfter = 20_000;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);

    /// <summary>From one look to the next while nothing changes.</summary>
    private static readonly TimeSpan IdleInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly RollupStore _store;
    private readonly Counter<long> _folded;

    /// <summary>The last look found nothing: the next one asks before it begins.</summary>
    private bool _isIdle;

    /// <summary>Folded since the room was taken back.</summary>
    private int _untidy;

    /// <summary>Everything that was written before is folded; null where this process does not fold.</summary>
    private DateTimeOffset? _foldedUntil;
    private long _total;

    public RollupFolder(
        RollupStore store, [FromKeyedServices(LeaseName)] IIngestLease lease, TimeProvider time, IMeterFactory meters, ILogger<RollupFolder> logger)
        : base(
            lease,
            new LeasedWorkText("folding", "fold the rollups", "Rollups cannot be folded"),
            (TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2)),
            meters.Create(MeterName).CreateCounter<long>("dashboard.rollups.failures", "{attempt}", "Attempts to fold that failed"),
            time,
            logger)
    {
        _store = store;
        var meter = meters.Create(MeterName);
        _folded = meter.CreateCounter<long>("dashboard.rollups.folded", "{delta}", "Changes of tasks that were folded into the rollups");
        meter.CreateObservableGauge("dashboard.rollups.lag", () => Lag.TotalSeconds, "s", "Age of the oldest change that is not folded, where this process folds");
    }

    public string Name => "rollups";

    /// <summary>Always ready: what is not folded is read all the same.</summary>
    public ComponentHealth Current => new(State.Status, State.Since, Ready: true, new Dictionary<string, long>
    {
        ["folded"] = Volatile.Read(ref _total),
        ["lag_ms"] = (long)Lag.TotalMilliseconds,
    });

    private TimeSpan Lag => _foldedUntil is { } until && Time.GetUtcNow() - until is var lag && lag > TimeSpan.Zero ? lag : TimeSpan.Zero;

    protected override async Task<bool> WorkAsync(CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        var now = Time.GetUtcNow();
        var folded = _isIdle && !await _store.HasDeltasAsync(deadline.Token) ? FoldedDeltas.None : await _store.FoldAsync(MaxDeltas, deadline.Token);
        _isIdle = folded.Count == 0;
        var full = folded.Count == MaxDeltas;
        _foldedUntil = full ? folded.Oldest : now;
        _folded.Add(folded.Count);
        Interlocked.Add(ref _total, folded.Count);
        _untidy += folded.Count;
        if (folded.Count > 0)
        {
            // Conversations come to what their tasks come to: nothing else changes them.
            await _store.MergeDaysAsync(deadline.Token);
        }

        if (_untidy >= TidyAfter)
        {
            await _store.TidyAsync(deadline.Token);
            _untidy = 0;
        }

        return full;
    }

    protected override Task RestAsync(bool more, TimeSpan worked, CancellationToken cancellationToken) =>
        more ? Task.CompletedTask : Task.Delay(_isIdle ? IdleInterval : Interval, Time, cancellationToken);

    protected override void Forget() => _foldedUntil = null;
}
