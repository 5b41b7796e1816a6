using System.Data.Common;
using System.Net.Sockets;
using GrooteDashboard.Application.Common;

namespace GrooteDashboard.Application.Realtime.Ingest;

/// <summary>Which failures go away by waiting.</summary>
internal static class Transience
{
    public static bool IsTransient(Exception exception)
    {
        // Adapters wrap: the cause may be some levels down.
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (e is DbException { IsTransient: true } or TimeoutException or IOException or SocketException or ConcurrencyException
                or OperationCanceledException)
            {
                return true;
            }
        }

        return false;
    }
}
