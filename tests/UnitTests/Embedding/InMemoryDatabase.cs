using System.Reflection;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Conversations;
using GrooteDashboard.Domain.Identity;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.UnitTests.Embedding;

/// <summary>
/// What a host without PostgreSQL keeps instead. Aggregates go in and out as copies, so that nothing is changed without a commit,
/// and a commit fails where somebody else committed the same aggregate first.
/// </summary>
internal sealed class InMemoryDatabase
{
    private static readonly MethodInfo Clone = typeof(object).GetMethod(nameof(MemberwiseClone), BindingFlags.Instance | BindingFlags.NonPublic)!;
    private static readonly FieldInfo Events = typeof(Entity).GetField("_domainEvents", BindingFlags.Instance | BindingFlags.NonPublic)!;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, AgentTask> _tasks = [];
    private readonly Dictionary<string, Session> _sessions = [];
    private readonly Dictionary<string, Conversation> _conversations = [];
    private readonly List<Message> _messages = [];
    private readonly List<AgentNotice> _notices = [];
    private readonly Dictionary<(string TaskId, long Offset), LogRow> _rows = [];
    private readonly SortedDictionary<long, (DateTimeOffset WrittenAt, LogAppend Append)> _outbox = [];
    private long _lastOutboxId;

    public IReadOnlyList<AgentTask> Tasks
    {
        get
        {
            lock (_lock)
            {
                return [.. _tasks.Values];
            }
        }
    }

    public IReadOnlyList<Conversation> Conversations
    {
        get
        {
            lock (_lock)
            {
                return [.. _conversations.Values];
            }
        }
    }

    /// <summary>What the agent engine is to be told.</summary>
    public IReadOnlyList<AgentNotice> Notices
    {
        get
        {
            lock (_lock)
            {
                return [.. _notices];
            }
        }
    }

    public IReadOnlyList<long> OutboxIds
    {
        get
        {
            lock (_lock)
            {
                return [.. _outbox.Keys];
            }
        }
    }

    public AgentTask? FindTask(string taskId)
    {
        lock (_lock)
        {
            return _tasks.GetValueOrDefault(taskId);
        }
    }

    public Session? FindSession(string sessionId)
    {
        lock (_lock)
        {
            return _sessions.GetValueOrDefault(sessionId);
        }
    }

    public Conversation? FindConversation(string conversationId)
    {
        lock (_lock)
        {
            return _conversations.GetValueOrDefault(conversationId);
        }
    }

    public Message? FindMessage(string messageId)
    {
        lock (_lock)
        {
            return _messages.Find(message => message.MessageId == messageId);
        }
    }

    public IReadOnlyList<Message> MessagesOf(string conversationId)
    {
        lock (_lock)
        {
            return [.. _messages.Where(message => message.ConversationId == conversationId)];
        }
    }

    /// <summary>Takes the work on a task back before it is delivered.</summary>
    public bool Withdraw(string taskId)
    {
        lock (_lock)
        {
            return _notices.RemoveAll(notice => notice.Kind == AgentNoticeKind.Work && notice.TaskId == taskId) > 0;
        }
    }

    /// <summary>The relay has delivered what there was.</summary>
    public void DeliverNotices()
    {
        lock (_lock)
        {
            _notices.Clear();
        }
    }

    /// <summary>The log of a task in the order of its offsets.</summary>
    public IReadOnlyList<LogRow> RowsOf(string taskId)
    {
        lock (_lock)
        {
            return [.. _rows.Values.Where(row => row.TaskId == taskId).OrderBy(row => row.Offset)];
        }
    }

    public static T Copy<T>(T entity)
        where T : Entity
    {
        var copy = (T)Clone.Invoke(entity, null)!;
        Events.SetValue(copy, new List<IDomainEvent>());
        return copy;
    }

    /// <param name="changes">What was read (null for what is new), and what it became.</param>
    /// <param name="now">When.</param>
    /// <param name="messages">What was said.</param>
    /// <param name="notices">What the agent engine is to be told.</param>
    /// <exception cref="ConcurrencyException">What was read is not what is here any more.</exception>
    public IReadOnlyList<LogAppend> Commit(
        IReadOnlyList<(Entity? Read, Entity Now)> changes, DateTimeOffset now, IReadOnlyList<Message>? messages = null, IReadOnlyList<AgentNotice>? notices = null)
    {
        lock (_lock)
        {
            if (changes.Any(change => !ReferenceEquals(Current(change.Now), change.Read)))
            {
                throw new ConcurrencyException("Somebody else was faster.");
            }

            var appends = changes.SelectMany(change => change.Now.DomainEvents).OfType<AgentTaskChanged>().Select(Enqueue).ToList();
            foreach (var (_, entity) in changes)
            {
                Keep(Copy(entity));
                entity.ClearDomainEvents();
            }

            _messages.AddRange(messages ?? []);
            _notices.AddRange(notices ?? []);
            return appends;
        }

        LogAppend Enqueue(AgentTaskChanged change)
        {
            var append = new LogAppend(change.Task.TaskId, [TaskStatusEntries.From(change)]) { OutboxIds = [++_lastOutboxId] };
            _outbox[_lastOutboxId] = (now, append);
            return append;
        }
    }

    public void Delete(string conversationId, bool messagesOnly)
    {
        lock (_lock)
        {
            _messages.RemoveAll(message => message.ConversationId == conversationId);
            if (!messagesOnly)
            {
                _conversations.Remove(conversationId);
            }
        }
    }

    public void Write(IReadOnlyList<LogRow> rows, IReadOnlyList<long> outboxIds)
    {
        lock (_lock)
        {
            foreach (var row in rows)
            {
                _rows.TryAdd((row.TaskId, row.Offset), row);
            }

            foreach (var id in outboxIds)
            {
                _outbox.Remove(id);
            }
        }
    }

    public IReadOnlyList<LogAppend> ListOutbox(DateTimeOffset before, int limit)
    {
        lock (_lock)
        {
            return [.. _outbox.Values.Where(row => row.WrittenAt < before).Take(limit).Select(row => row.Append)];
        }
    }

    private Entity? Current(Entity entity) => entity switch
    {
        AgentTask task => _tasks.GetValueOrDefault(task.TaskId),
        Session session => _sessions.GetValueOrDefault(session.SessionId),
        Conversation conversation => _conversations.GetValueOrDefault(conversation.ConversationId),
        _ => throw new ArgumentOutOfRangeException(nameof(entity)),
    };

    private void Keep(Entity entity)
    {
        switch (entity)
        {
            case AgentTask task:
                _tasks[task.TaskId] = task;
                break;
            case Session session:
                _sessions[session.SessionId] = session;
                break;
            case Conversation conversation:
                _conversations[conversation.ConversationId] = conversation;
                break;
        }
    }
}
