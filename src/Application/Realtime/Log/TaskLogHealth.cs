using GrooteDashboard.Application.System.Ports;

namespace GrooteDashboard.Application.Realtime.Log;

/// <summary>Whether what is taken gets stored.</summary>
internal sealed class TaskLogHealth(TaskLogMetrics metrics) : IComponentHealth
{
    public string Name => "task_log";

    public ComponentHealth Current
    {
        get
        {
            var (failing, since) = metrics.StoreState;
            return new ComponentHealth(failing ? "waiting" : "storing", since, Ready: !failing, new Dictionary<string, long>
            {
                ["pending_bytes"] = metrics.PendingBytes,
                ["rows_stored"] = metrics.RowsStored,
                ["rows_rejected"] = metrics.RowsRejected,
                ["messages_refused"] = metrics.MessagesRefused,
                ["duplicates"] = metrics.Duplicates,
            });
        }
    }
}
