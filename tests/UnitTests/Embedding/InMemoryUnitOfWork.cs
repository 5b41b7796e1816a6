using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations.Ports;
using GrooteDashboard.Application.Identity.Ports;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Conversations;
using GrooteDashboard.Domain.Identity;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.UnitTests.Embedding;

/// <summary>The unit of work and the repositories of one use case.</summary>
internal sealed class InMemoryUnitOfWork(InMemoryDatabase database, TimeProvider time)
    : IUnitOfWork, IAgentTaskRepository, ISessionRepository, IConversationRepository, IAgentOutbox
{
    private readonly List<(Entity? Read, Entity Now)> _tracked = [];
    private readonly List<Message> _messages = [];
    private readonly List<AgentNotice> _notices = [];

    public Task<AgentTask?> FindAsync(string taskId, CancellationToken cancellationToken) =>
        Task.FromResult(Tracked<AgentTask>(task => task.TaskId == taskId) ?? Track(database.FindTask(taskId)));

    public async Task<IReadOnlyList<AgentTask>> FindAllAsync(IReadOnlyList<string> taskIds, CancellationToken cancellationToken)
    {
        var found = new List<AgentTask>();
        foreach (var id in taskIds.Distinct())
        {
            if (await FindAsync(id, cancellationToken) is { } task)
            {
                found.Add(task);
            }
        }

        return found;
    }

    public Task<IReadOnlyList<AgentTask>> ListDueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<AgentTask>>(
        [
            .. database.Tasks.Where(task => task.ProvisionalUntil <= now || task.OutputDueAt <= now)
                .OrderBy(task => task.CompletedAt).Take(limit).Select(task => Track(task)!),
        ]);

    public Task<AgentTask?> FindNewestOfAsync(string conversationId, CancellationToken cancellationToken) =>
        database.Tasks.Where(task => task.ConversationId == conversationId).MaxBy(task => task.CreatedAt) is { } newest
            ? FindAsync(newest.TaskId, cancellationToken)
            : Task.FromResult<AgentTask?>(null);

    /// <summary>Nobody waits here: who comes second finds that the conversation was changed, and begins again.</summary>
    public Task<Conversation?> FindForUpdateAsync(string conversationId, CancellationToken cancellationToken) => Task.FromResult(
        Tracked<Conversation>(conversation => conversation.ConversationId == conversationId) ?? Track(database.FindConversation(conversationId)));

    public Task<Message?> FindMessageAsync(string messageId, CancellationToken cancellationToken) => Task.FromResult(database.FindMessage(messageId));

    public void Add(Conversation conversation) => _tracked.Add((null, conversation));

    public void Add(Message message) => _messages.Add(message);

    public Task DeleteMessagesAsync(string conversationId, CancellationToken cancellationToken)
    {
        database.Delete(conversationId, messagesOnly: true);
        return Task.CompletedTask;
    }

    public void Remove(Conversation conversation)
    {
        _tracked.RemoveAll(tracked => tracked.Now == conversation);
        database.Delete(conversation.ConversationId, messagesOnly: false);
    }

    public void Add(AgentNotice notice) => _notices.Add(notice);

    public Task<bool> WithdrawAsync(string taskId, CancellationToken cancellationToken) => Task.FromResult(database.Withdraw(taskId));

    public void Add(AgentTask task) => _tracked.Add((null, task));

    public void Add(Session session) => _tracked.Add((null, session));

    public Task<IReadOnlyList<LogAppend>> CommitAsync(CancellationToken cancellationToken) =>
        Task.FromResult(database.Commit(_tracked, time.GetUtcNow(), _messages, _notices));

    public void Reset()
    {
        _tracked.Clear();
        _messages.Clear();
        _notices.Clear();
    }

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
