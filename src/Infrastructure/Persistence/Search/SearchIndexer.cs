using System.Diagnostics.Metrics;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.System.Ports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Infrastructure.Persistence.Search;

/// <summary>
/// Makes searchable what the log has stored, a moment later, in one process at a time. It rests as long as it has worked, so that it never takes more than
/// half of a core from those who store; then it falls behind, and says so.
/// </summary>
internal sealed partial class SearchIndexer : BackgroundService, IComponentHealth
{
    public const string LeaseName = "search";
    public const string MeterName = "GrooteDashboard.Search";

    /// <summary>Entries of the queue at once.</summary>
    private const int MaxEntries = 500;

    /// <summary>Output that comes in pieces is collected for so long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);

    private readonly PassageStore _store;
    private readonly IIngestLease _lease;
    private readonly TimeProvider _time;
    private readonly ILogger<SearchIndexer> _logger;
    private readonly Counter<long> _indexed;
    private readonly Counter<long> _failures;
    private volatile Progress _progress;

    public SearchIndexer(
        PassageStore store, [FromKeyedServices(LeaseName)] IIngestLease lease, TimeProvider time, IMeterFactory meters, ILogger<SearchIndexer> logger)
    {
        (_store, _lease, _time, _logger) = (store, lease, time, logger);
        _progress = new Progress("waiting", time.GetUtcNow(), 0, TimeSpan.Zero);
        var meter = meters.Create(MeterName);
        _indexed = meter.CreateCounter<long>("dashboard.search.passages", "{passage}", "Passages that were made searchable");
        _failures = meter.CreateCounter<long>("dashboard.search.failures", "{attempt}", "Attempts to make something searchable that failed");
        meter.CreateObservableGauge("dashboard.search.queue", () => _progress.Entries, "{entry}", "What waits to be made searchable; 0 where another process does it");
        meter.CreateObservableGauge("dashboard.search.lag", () => _progress.Lag.TotalSeconds, "s", "How long the oldest of it has waited");
    }

    public string Name => "search";

    /// <summary>Search that is behind is still search: the service is ready.</summary>
    public ComponentHealth Current => new(_progress.Status, _progress.Since, Ready: true, new Dictionary<string, long>
    {
        ["queue"] = _progress.Entries,
        ["lag_seconds"] = (long)_progress.Lag.TotalSeconds,
    });

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await using var held = await _lease.AcquireAsync(stoppingToken);
            using var running = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, held.Lost);
            try
            {
                await IndexAsync(running.Token);
            }
            catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
            {
                _progress = new Progress("waiting", _time.GetUtcNow(), 0, TimeSpan.Zero);
                LogLost();
            }
        }
    }

    private async Task IndexAsync(CancellationToken cancellationToken)
    {
        for (var failures = 0; ;)
        {
            try
            {
                var started = _time.GetTimestamp();
                var more = await IndexOnceAsync(cancellationToken);
                failures = 0;
                var worked = _time.GetElapsedTime(started);
                await Task.Delay(!more ? LookAgain : worked < LongestRest ? worked : LongestRest, _time, cancellationToken);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                _failures.Add(1);
                if (failures == 0)
                {
                    LogAway(e.GetType().Name);
                }

                await Task.Delay(Backoff.Delay(failures++, FirstRetry, LongestRetry), _time, cancellationToken);
            }
        }
    }

    /// <returns>Whether there is more at once.</returns>
    private async Task<bool> IndexOnceAsync(CancellationToken cancellationToken)
    {
        var queued = await _store.ListQueuedAsync(Patience, MaxEntries, cancellationToken);
        var more = queued.Count == MaxEntries;
        if (queued.Count > 0)
        {
            var passages = await _store.ReadAsync([.. queued.Select(entry => entry.TaskId).Distinct(StringComparer.Ordinal)], cancellationToken);
            await _store.WriteAsync(
                passages, [.. queued.Where(entry => !passages.Unfinished.Contains(entry.TaskId)).Select(entry => entry.Id)], cancellationToken);
            more |= passages.Unfinished.Count > 0;
            _indexed.Add(passages.Passages.Count);
            if (passages.Passages.Count > 0)
            {
                await _store.TidyAsync(cancellationToken);
            }
        }

        var (entries, lag) = await _store.MeasureAsync(cancellationToken);
        _progress = new Progress("running", _progress.Status == "running" ? _progress.Since : _time.GetUtcNow(), entries, lag);
        return more;
    }

    [LoggerMessage(LogLevel.Warning, "The log cannot be made searchable: {Error}; trying again until it works")]
    private partial void LogAway(string error);

    [LoggerMessage(LogLevel.Warning, "Another process may make the log searchable now; waiting to take over")]
    private partial void LogLost();

    /// <param name="Status">running or waiting.</param>
    /// <param name="Since">Since when.</param>
    /// <param name="Entries">Entries of the queue.</param>
    /// <param name="Lag">Age of the oldest.</param>
    private sealed record Progress(string Status, DateTimeOffset Since, long Entries, TimeSpan Lag);
}
