using System.Diagnostics.Metrics;

namespace GrooteDashboard.Application.Realtime.Log;

/// <summary>Figures of the log, as metrics and, cheaply, for health answers.</summary>
public sealed class TaskLogMetrics
{
    public const string MeterName = "GrooteDashboard.TaskLog";

    private readonly Counter<long> _taken;
    private readonly Counter<long> _stored;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _rejected;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _feedRepaired;
    private readonly Histogram<double> _writeSeconds;
    private readonly Meter _meter;
    private readonly TimeProvider _time;
    private StoreStateSince _storeState;
    private long _duplicatesTotal;
    private long _rejectedTotal;
    private long _refusedTotal;
    private long _storedTotal;
    private long _feedRepairedTotal;
    private Func<long> _pending = () => 0;

    public TaskLogMetrics(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        _storeState = new StoreStateSince(false, time.GetUtcNow());
        _meter = meters.Create(MeterName);
        _taken = _meter.CreateCounter<long>("dashboard.task_log.entries", "{entry}", "Entries by what became of them: accepted, duplicate");
        _stored = _meter.CreateCounter<long>("dashboard.task_log.rows_stored", "{row}", "Rows stored");
        _failures = _meter.CreateCounter<long>("dashboard.task_log.store_failures", "{attempt}", "Attempts that failed because the store is away");
        _rejected = _meter.CreateCounter<long>("dashboard.task_log.rows_rejected", "{row}", "Rows that the store refuses for ever");
        _refused = _meter.CreateCounter<long>("dashboard.task_log.messages_refused", "{message}", "Messages over HTTP that are too large");
        _feedRepaired = _meter.CreateCounter<long>(
            "dashboard.task_log.feed_repaired", "{channel}", "Channels that were not heard although they were subscribed: subscribed again, and read");
        _writeSeconds = _meter.CreateHistogram<double>("dashboard.task_log.write_duration", "s", "Time to store one batch");
        _meter.CreateObservableGauge("dashboard.task_log.pending", () => _pending(), "By", "Bytes taken but not stored yet");
    }

    public long PendingBytes => _pending();

    public long Duplicates => Interlocked.Read(ref _duplicatesTotal);

    public long RowsRejected => Interlocked.Read(ref _rejectedTotal);

    public long MessagesRefused => Interlocked.Read(ref _refusedTotal);

    /// <summary>Channels that were not heard although they were subscribed.</summary>
    public long FeedRepairs => Interlocked.Read(ref _feedRepairedTotal);

    public long RowsStored => Interlocked.Read(ref _storedTotal);

    /// <summary>Whether the last attempt to use the store failed, and since when that is so.</summary>
    internal (bool Failing, DateTimeOffset Since) StoreState => (_storeState.Failing, _storeState.Since);

    public void ObservePending(Func<long> pending) => _pending = pending;

    public void Taken(int accepted, int duplicates)
    {
        _taken.Add(accepted, new KeyValuePair<string, object?>("outcome", "accepted"));
        if (duplicates > 0)
        {
            _taken.Add(duplicates, new KeyValuePair<string, object?>("outcome", "duplicate"));
            Interlocked.Add(ref _duplicatesTotal, duplicates);
        }
    }

    public void Stored(int rows, TimeSpan took)
    {
        _stored.Add(rows);
        _writeSeconds.Record(took.TotalSeconds);
        Interlocked.Add(ref _storedTotal, rows);
    }

    public void FeedRepaired(int channels)
    {
        _feedRepaired.Add(channels);
        Interlocked.Add(ref _feedRepairedTotal, channels);
    }

    public void StoreFailed()
    {
        _failures.Add(1);
        StoreIs(failing: true);
    }

    /// <summary>The last attempt worked.</summary>
    public void StoreAnswered() => StoreIs(failing: false);

    internal void Refused()
    {
        _refused.Add(1);
        Interlocked.Increment(ref _refusedTotal);
    }

    public void Rejected()
    {
        _rejected.Add(1);
        Interlocked.Increment(ref _rejectedTotal);
    }

    private void StoreIs(bool failing)
    {
        if (_storeState.Failing != failing)
        {
            _storeState = new StoreStateSince(failing, _time.GetUtcNow());
        }
    }

    private sealed record StoreStateSince(bool Failing, DateTimeOffset Since);
}
