using System.Collections.Frozen;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using GrooteDashboard.Api.Realtime.Sockets;

namespace GrooteDashboard.Api.Realtime;

/// <summary>What the edge counts (meter <c>GrooteDashboard.Realtime</c>).</summary>
internal sealed class RealtimeMetrics
{
    public const string MeterName = "GrooteDashboard.Realtime";

    // Clients choose close codes freely: only known ones become values of a tag.
    private static readonly FrozenSet<int> KnownCodes =
        new[]
        {
            CloseCodes.Normal, CloseCodes.GoingAway, CloseCodes.ProtocolError, CloseCodes.NoStatus, CloseCodes.Abnormal, CloseCodes.InvalidPayload,
            CloseCodes.MessageTooBig, CloseCodes.TooSlow, CloseCodes.NoPong, CloseCodes.TooMany, CloseCodes.Unauthenticated, CloseCodes.Forbidden,
        }.ToFrozenSet();

    private readonly Counter<long> _framesEncoded;
    private readonly Counter<long> _framesSent;
    private readonly Counter<long> _bytesSent;
    private readonly Counter<long> _framesDropped;
    private readonly Counter<long> _gaps;
    private readonly Counter<long> _refusedConnections;
    private readonly Counter<long> _disconnects;
    private readonly Counter<long> _recoveries;
    private readonly Histogram<long> _recoverySize;
    private readonly Counter<long> _catchUpsStarted;
    private readonly Counter<long> _catchUpsFinished;
    private readonly Counter<long> _historyFrames;
    private readonly Counter<long> _historyFailures;
    private readonly Histogram<double> _lag;
    private int _connections;
    private int _subscriptions;

    public RealtimeMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        // Observed, so that they are there as 0 before the first client comes.
        meter.CreateObservableUpDownCounter("realtime.connections", () => Volatile.Read(ref _connections), "{connection}", "Open WebSocket connections");
        meter.CreateObservableUpDownCounter(
            "realtime.subscriptions", () => Volatile.Read(ref _subscriptions), "{subscription}", "Channels watched, summed over connections");
        _framesEncoded = meter.CreateCounter<long>("realtime.frames.encoded", "{frame}", "Messages encoded for at least one subscriber");
        _framesSent = meter.CreateCounter<long>("realtime.frames.sent", "{frame}", "Frames handed to the sockets");
        _bytesSent = meter.CreateCounter<long>("realtime.bytes.sent", "By", "Bytes handed to the sockets");
        _framesDropped = meter.CreateCounter<long>("realtime.frames.dropped", "{frame}", "Frames that a client did not get, by reason");
        _gaps = meter.CreateCounter<long>("realtime.gaps", "{gap}", "Gaps told to clients, by reason");
        _refusedConnections = meter.CreateCounter<long>("realtime.connections.refused", "{connection}", "Handshakes refused, by HTTP status");
        _disconnects = meter.CreateCounter<long>("realtime.disconnects", "{connection}", "Connections ended, by close code");
        _recoveries = meter.CreateCounter<long>("realtime.recoveries", "{subscription}", "Subscriptions from an earlier position, by outcome: recovered, or the gap's reason");
        _recoverySize = meter.CreateHistogram<long>("realtime.recovery.size", "{frame}", "Frames that recovered subscriptions had missed");
        _catchUpsStarted = meter.CreateCounter<long>("realtime.catch_ups.started", "{subscription}", "Subscriptions that fell behind, or came back with something missed");
        _catchUpsFinished = meter.CreateCounter<long>("realtime.catch_ups.finished", "{subscription}", "Of these, those that are live again or were ended");
        _historyFrames = meter.CreateCounter<long>("realtime.history.frames", "{frame}", "Messages encoded again from history");
        _historyFailures = meter.CreateCounter<long>("realtime.history.failures", "{read}", "Reads of history that failed and were repeated");
        _lag = meter.CreateHistogram<double>("realtime.lag", "s", "From publish to the socket, of the oldest frame in each round of writes");
    }

    public void Connected() => Interlocked.Increment(ref _connections);

    public void Refused(int status) => _refusedConnections.Add(1, Tag("status", status.ToString(CultureInfo.InvariantCulture)));

    public void Disconnected(int code)
    {
        Interlocked.Decrement(ref _connections);
        _disconnects.Add(1, Tag("code", KnownCodes.Contains(code) ? code.ToString(CultureInfo.InvariantCulture) : "other"));
    }

    public void SubscriptionsChanged(int by) => Interlocked.Add(ref _subscriptions, by);

    public void Encoded() => _framesEncoded.Add(1);

    public void Dropped(string reason, long frames) => _framesDropped.Add(frames, Tag("reason", reason));

    public void Gap(string reason) => _gaps.Add(1, Tag("reason", reason));

    public void Recovered(long missed)
    {
        _recoveries.Add(1, Tag("outcome", "recovered"));
        _recoverySize.Record(missed);
    }

    public void NotRecovered(string reason) => _recoveries.Add(1, Tag("outcome", reason));

    public void CatchUpStarted() => _catchUpsStarted.Add(1);

    public void CatchUpFinished() => _catchUpsFinished.Add(1);

    public void EncodedFromHistory(int frames) => _historyFrames.Add(frames);

    public void HistoryFailed() => _historyFailures.Add(1);

    public void Sent(in Sent sent)
    {
        if (sent.Bytes == 0)
        {
            return;
        }

        _framesSent.Add(sent.Frames);
        _bytesSent.Add(sent.Bytes);
        if (_lag.Enabled && sent.OldestPublish != 0)
        {
            _lag.Record(Stopwatch.GetElapsedTime(sent.OldestPublish).TotalSeconds);
        }
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
