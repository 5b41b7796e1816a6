using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace GrooteDashboard.Application.Realtime.Ingest;

/// <summary>What became of a producer's message.</summary>
public enum IngestOutcome
{
    /// <summary>It is in the log, or its command was carried out.</summary>
    Taken,

    /// <summary>Understood, but against a rule or a limit.</summary>
    Refused,

    /// <summary>There was no room for it.</summary>
    Dropped,

    /// <summary>It, or a part of it, cannot be understood.</summary>
    Malformed,

    /// <summary>It does not concern tasks.</summary>
    Ignored,

    /// <summary>It could not be carried out, for a reason that is a fault of the service.</summary>
    Failed,
}

/// <summary>Counts of the ingest by outcome and reason, as metrics and, cheaply, for health answers.</summary>
public sealed class IngestMetrics
{
    public const string MeterName = "GrooteDashboard.Ingest";

    private readonly Counter<long> _messages;
    private readonly ConcurrentDictionary<(IngestOutcome Outcome, string Reason), StrongBox<long>> _byReason = new();
    private readonly long[] _totals = new long[Enum.GetValues<IngestOutcome>().Length];
    private readonly Meter _meter;

    public IngestMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        _messages = _meter.CreateCounter<long>("dashboard.ingest.messages", "{message}", "Messages of the producers by what became of them, and why");
    }

    public long Total(IngestOutcome outcome) => Interlocked.Read(ref _totals[(int)outcome]);

    /// <summary>How often this has happened for this reason.</summary>
    public long Total(IngestOutcome outcome, string reason) =>
        _byReason.TryGetValue((outcome, reason), out var total) ? Interlocked.Read(ref total.Value) : 0;

    /// <summary>Shows the depth of a queue as a gauge.</summary>
    public void ObserveDepth(string queue, string unit, Func<long> depth) =>
        _meter.CreateObservableGauge("dashboard.ingest." + queue, depth, unit);

    /// <returns>How often this has happened for this reason, this time included.</returns>
    public long Count(IngestOutcome outcome, string reason, long times = 1)
    {
        _messages.Add(
            times,
            new KeyValuePair<string, object?>("outcome", outcome.ToString().ToLowerInvariant()),
            new KeyValuePair<string, object?>("reason", reason));
        Interlocked.Add(ref _totals[(int)outcome], times);
        return Interlocked.Add(ref _byReason.GetOrAdd((outcome, reason), static _ => new StrongBox<long>()).Value, times);
    }
}
