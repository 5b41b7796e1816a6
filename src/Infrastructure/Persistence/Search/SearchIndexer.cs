using System.Diagnostics.Metrics;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.System.Ports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Infrastructure.Persistence.Search;

/// <summary>
/// Makes searchable what the log has stored, a moment later, in one process at a time. It rests as long as it has worked, so that it never takes more than
/// half of a core from those who store; then it falls behind, and says so.
/// </summary>
internal sealed class SearchIndexer : LeasedWork, IComponentHealth
{
    public const string LeaseName = "search";
    public const string MeterName = "GrooteDashboard.Search";

    /// <summary>Entries of the queue at once.</summary>
    private const int MaxEntries = 500;

    /// <summary>Output that comes in pieces is collected for so long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(2);

    private readonly PassageStore _store;
    private readonly PairStore _pairs;
    private readonly Counter<long> _indexed;
    private volatile Backlog _backlog = Backlog.None;
    private bool _hasNewPairs = true;

    public SearchIndexer(
        PassageStore store,
        PairStore pairs,
        [FromKeyedServices(LeaseName)] IIngestLease lease,
        TimeProvider time,
        IMeterFactory meters,
        ILogger<SearchIndexer> logger)
        : base(
            lease,
            new LeasedWorkText("running", "make the log searchable", "The log cannot be made searchable"),
            (TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5)),
            meters.Create(MeterName).CreateCounter<long>("dashboard.search.failures", "{attempt}", "Attempts to make something searchable that failed"),
            time,
            logger)
    {
        (_store, _pairs) = (store, pairs);
        var meter = meters.Create(MeterName);
        _indexed = meter.CreateCounter<long>("dashboard.search.passages", "{passage}", "Passages that were made searchable");
        meter.CreateObservableGauge("dashboard.search.queue", () => _backlog.Entries, "{entry}", "What waits to be made searchable; 0 where another process does it");
        meter.CreateObservableGauge("dashboard.search.lag", () => _backlog.Lag.TotalSeconds, "s", "How long the oldest of it has waited");
    }

    public string Name => "search";

    /// <summary>Search that is behind is still search: the service is ready.</summary>
    public ComponentHealth Current => new(State.Status, State.Since, Ready: true, new Dictionary<string, long>
    {
        ["queue"] = _backlog.Entries,
        ["lag_seconds"] = (long)_backlog.Lag.TotalSeconds,
    });

    protected override async Task<bool> WorkAsync(CancellationToken cancellationToken)
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
                _hasNewPairs = true;
                _pairs.Collect(passages.Passages);
                await _store.TidyAsync(cancellationToken);
            }
        }

        if (queued.Count > 0 || _backlog != Backlog.None)
        {
            var (entries, lag) = await _store.MeasureAsync(cancellationToken);
            _backlog = new Backlog(entries, lag);
        }

        _hasNewPairs = _hasNewPairs && await _pairs.FillAsync(cancellationToken);
        return _hasNewPairs || more;
    }

    protected override Task RestAsync(bool more, TimeSpan worked, CancellationToken cancellationToken) =>
        Task.Delay(!more ? LookAgain : worked < LongestRest ? worked : LongestRest, Time, cancellationToken);

    protected override void Forget()
    {
        (_backlog, _hasNewPairs) = (Backlog.None, true);
        _pairs.Forget();
    }

    /// <param name="Entries">Entries of the queue.</param>
    /// <param name="Lag">Age of the oldest.</param>
    private sealed record Backlog(long Entries, TimeSpan Lag)
    {
        public static readonly Backlog None = new(0, TimeSpan.Zero);
    }
}
