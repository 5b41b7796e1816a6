using GrooteDashboard.Domain.Identity;

namespace GrooteDashboard.Application.Identity.Ports;

/// <summary>The sessions that tasks belong to. What is added or changed is written when the unit of work commits.</summary>
public interface ISessionRepository
{
    Task<Session?> FindAsync(string sessionId, CancellationToken cancellationToken);

    void Add(Session session);
}
