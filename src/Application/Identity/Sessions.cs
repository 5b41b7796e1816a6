using GrooteDashboard.Application.Identity.Ports;
using GrooteDashboard.Domain.Identity;

namespace GrooteDashboard.Application.Identity;

internal static class Sessions
{
    /// <summary>The session of this id, opened where there is none.</summary>
    public static async Task<Session> OpenAsync(
        this ISessionRepository sessions, string sessionId, string userId, string machineId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (await sessions.FindAsync(sessionId, cancellationToken) is { } known)
        {
            return known;
        }

        var session = Session.Open(sessionId, userId, machineId, now);
        sessions.Add(session);
        return session;
    }
}
