using System.Reflection;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks;
using GrooteDashboard.Domain.Common;
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
    /// <exception cref="ConcurrencyException">What was read is not what is here any more.</exception>
    public IReadOnlyList<LogAppend> Commit(IReadOnlyList<(Entity? Read, Entity Now)> changes, DateTimeOffset now)
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

            return appends;
        }

        LogAppend Enqueue(AgentTaskChanged change)
        {
            var append = new LogAppend(change.Task.TaskId, [TaskStatusEntries.From(change)]) { OutboxIds = [++_lastOutboxId] };
            _outbox[_lastOutboxId] = (now, append);
            return append;
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
        }
    }
}
