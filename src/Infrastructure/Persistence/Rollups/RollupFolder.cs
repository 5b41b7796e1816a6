using System.Diagnostics.Metrics;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.System.Ports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Infrastructure.Persistence.Rollups;

/// <summary>
/// Folds deltas into the rollups, in one process at a time. Nobody waits for it: while it is behind, answers take longer, because readers add up what it has not
/// folded, and are the same.
/// </summary>
internal sealed partial class RollupFolder : BackgroundService, IComponentHealth
{
    public const string LeaseName = "rollups";
    public const string MeterName = "GrooteDashboard.Rollups";

    /// <summary>Deltas in one transaction.</summary>
    private const int MaxDeltas = 5_000;

    /// <summary>So many have left so much room behind that it is worth taking back.</summary>
    private const int TidyAfter = 20_000;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(2);

    private readonly RollupStore _store;
    private readonly IIngestLease _lease;
    private readonly TimeProvider _time;
    private readonly ILogger<RollupFolder> _logger;
    private readonly Counter<long> _folded;
    private readonly Counter<long> _failures;

    /// <summary>Folded since the room was taken back.</summary>
    private int _untidy;

    /// <summary>Everything that was written before is folded; null where this process does not fold.</summary>
    private DateTimeOffset? _foldedUntil;
    private (string Status, DateTimeOffset Since) _state;
    private long _total;

    public RollupFolder(
        RollupStore store, [FromKeyedServices(LeaseName)] IIngestLease lease, TimeProvider time, IMeterFactory meters, ILogger<RollupFolder> logger)
    {
        (_store, _lease, _time, _logger) = (store, lease, time, logger);
        _state = ("waiting", time.GetUtcNow());
        var meter = meters.Create(MeterName);
        _folded = meter.CreateCounter<long>("dashboard.rollups.folded", "{delta}", "Changes of tasks that were folded into the rollups");
        _failures = meter.CreateCounter<long>("dashboard.rollups.failures", "{attempt}", "Attempts to fold that failed");
        meter.CreateObservableGauge("dashboard.rollups.lag", () => Lag.TotalSeconds, "s", "Age of the oldest change that is not folded, where this process folds");
    }

    public string Name => "rollups";

    /// <summary>Always ready: what is not folded is read all the same.</summary>
    public ComponentHealth Current => new(_state.Status, _state.Since, Ready: true, new Dictionary<string, long>
    {
        ["folded"] = Volatile.Read(ref _total),
        ["lag_ms"] = (long)Lag.TotalMilliseconds,
    });

    private TimeSpan Lag => _foldedUntil is { } until && _time.GetUtcNow() - until is var lag && lag > TimeSpan.Zero ? lag : TimeSpan.Zero;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await using var held = await _lease.AcquireAsync(stoppingToken);
            using var running = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, held.Lost);
            try
            {
                Become("folding");
                await FoldAsync(running.Token);
            }
            catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
            {
                LogLost();
            }

            _foldedUntil = null;
            Become("waiting");
        }
    }

    private async Task FoldAsync(CancellationToken cancellationToken)
    {
        for (var failures = 0; ;)
        {
            try
            {
                var full = await FoldOnceAsync(cancellationToken);
                failures = 0;
                Become("folding");
                if (!full)
                {
                    await Task.Delay(Interval, _time, cancellationToken);
                }
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                _failures.Add(1);
                if (failures == 0)
                {
                    Become("failing");
                    LogAway(e.GetType().Name, e.Message);
                }

                await Task.Delay(Backoff.Delay(failures++, FirstRetry, LongestRetry), _time, cancellationToken);
            }
        }
    }

    /// <returns>Whether there may be more.</returns>
    private async Task<bool> FoldOnceAsync(CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        var now = _time.GetUtcNow();
        var folded = await _store.FoldAsync(MaxDeltas, deadline.Token);
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

    private void Become(string status)
    {
        if (_state.Status != status)
        {
            _state = (status, _time.GetUtcNow());
        }
    }

    [LoggerMessage(LogLevel.Warning, "Rollups cannot be folded: {Error} {Reason}; trying again until it works")]
    private partial void LogAway(string error, string reason);

    [LoggerMessage(LogLevel.Warning, "Another process may fold the rollups now; waiting to take over")]
    private partial void LogLost();
}
