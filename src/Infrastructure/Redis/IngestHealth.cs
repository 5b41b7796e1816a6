using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.System.Ports;

namespace GrooteDashboard.Infrastructure.Redis;

/// <summary>The state of the ways in from Redis.</summary>
internal sealed class IngestHealth(
    ProducerIngest producers, RedisChannelBridge channels, TaskEventStreamReader stream, TaskIngest ingest, IngestMetrics metrics)
    : IComponentHealth
{
    public string Name => "ingest";

    public ComponentHealth Current
    {
        get
        {
            var state = producers.State;
            var status = state.Status switch
            {
                IngestStatus.Running => "running",
                IngestStatus.Waiting => "waiting",
                _ => "stopped",
            };
            // One that waits is ready: it takes over, and serves meanwhile.
            return new ComponentHealth(status, state.Since, state.Status != IngestStatus.Stopped, new Dictionary<string, long>
            {
                ["inbox_depth"] = channels.InboxDepth,
                ["inbox_capacity"] = channels.InboxCapacity,
                ["inbox_bytes"] = channels.InboxBytes,
                ["stream_pending"] = stream.Unacknowledged,
                ["taken"] = metrics.Total(IngestOutcome.Taken),
                ["dropped"] = metrics.Total(IngestOutcome.Dropped),
                ["refused"] = metrics.Total(IngestOutcome.Refused),
                ["malformed"] = metrics.Total(IngestOutcome.Malformed),
                ["ignored"] = metrics.Total(IngestOutcome.Ignored),
                ["failed"] = metrics.Total(IngestOutcome.Failed),
                ["retrying"] = ingest.IsRetrying ? 1 : 0,
            });
        }
    }
}
