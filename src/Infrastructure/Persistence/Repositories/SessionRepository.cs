using GrooteDashboard.Application.Identity.Ports;
using GrooteDashboard.Domain.Identity;
using Microsoft.EntityFrameworkCore;

namespace GrooteDashboard.Infrastructure.Persistence.Repositories;

internal sealed class SessionRepository(DashboardDbContext db) : ISessionRepository
{
    public Task<Session?> FindAsync(string sessionId, CancellationToken cancellationToken) =>
        db.Sessions.SingleOrDefaultAsync(session => session.SessionId == sessionId, cancellationToken);

    public void Add(Session session) => db.Sessions.Add(session);
}
