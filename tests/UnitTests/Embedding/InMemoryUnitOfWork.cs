using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Identity.Ports;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Identity;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.UnitTests.Embedding;

/// <summary>The unit of work and the repositories of one use case.</summary>
internal sealed class InMemoryUnitOfWork(InMemoryDatabase database, TimeProvider time) : IUnitOfWork, IAgentTaskRepository, ISessionRepository
{
    private readonly List<(Entity? Read, Entity Now)> _tracked = [];

    public Task<AgentTask?> FindAsync(string taskId, CancellationToken cancellationToken) =>
        Task.FromResult(Tracked<AgentTask>(task => task.TaskId == taskId) ?? Track(database.FindTask(taskId)));

    public Task<IReadOnlyList<AgentTask>> ListDueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<AgentTask>>(
        [
            .. database.Tasks.Where(task => task.ProvisionalUntil <= now || task.OutputDueAt <= now)
                .OrderBy(task => task.CompletedAt).Take(limit).Select(task => Track(task)!),
        ]);

    public void Add(AgentTask task) => _tracked.Add((null, task));

    public void Add(Session session) => _tracked.Add((null, session));

    public Task<IReadOnlyList<LogAppend>> CommitAsync(CancellationToken cancellationToken) =>
        Task.FromResult(database.Commit(_tracked, time.GetUtcNow()));

    public void Reset() => _tracked.Clear();

    Task<Session?> ISessionRepository.FindAsync(string sessionId, CancellationToken cancellationToken) =>
        Task.FromResult(Tracked<Session>(session => session.SessionId == sessionId) ?? database.FindSession(sessionId));

    private T? Tracked<T>(Func<T, bool> isIt)
        where T : Entity => _tracked.Select(tracked => tracked.Now).OfType<T>().FirstOrDefault(isIt);

    private T? Track<T>(T? entity)
        where T : Entity
    {
        if (entity is null)
        {
            return null;
        }

        var copy = InMemoryDatabase.Copy(entity);
        _tracked.Add((entity, copy));
        return copy;
    }
}
