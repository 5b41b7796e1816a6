using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.UnitTests.Embedding;

/// <summary>The store of the log in memory, and with it everything that can happen to a store.</summary>
internal sealed class InMemoryTaskLogStore(InMemoryDatabase database, TimeProvider time, IEventIds ids) : ITaskLogStore
{
    private readonly Lock _lock = new();
    private readonly List<(string TaskId, string SourceId)> _asked = [];
    private TaskCompletionSource? _held;

    /// <summary>Every call fails.</summary>
    public bool Away { get; set; }

    /// <summary>Which rows are refused for ever.</summary>
    public Func<LogRow, bool> Refuses { get; set; } = _ => false;

    /// <summary>Fails the answer of the next write after it was committed, as a broken connection does.</summary>
    public bool LosesNextAnswer { get; set; }

    /// <summary>Released with every look into the outbox.</summary>
    public SemaphoreSlim OutboxReads { get; } = new(0);

    /// <summary>The ids that were asked for so far.</summary>
    public IReadOnlyList<(string TaskId, string SourceId)> Asked
    {
        get
        {
            lock (_lock)
            {
                return [.. _asked];
            }
        }
    }

    /// <summary>Writes wait from now on until they are let go.</summary>
    public void HoldWrites() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void LetWritesGo()
    {
        var held = _held;
        _held = null;
        held?.SetResult();
    }

    public Task<IReadOnlyList<OpenedTask>> OpenAsync(IReadOnlyCollection<string> taskIds, CancellationToken cancellationToken)
    {
        FailIfAway();
        return Task.FromResult<IReadOnlyList<OpenedTask>>([.. taskIds.Select(Open)]);
    }

    public Task<TaskLogHead?> PeekAsync(string taskId, CancellationToken cancellationToken)
    {
        FailIfAway();
        return Task.FromResult(database.FindTask(taskId) is { } task ? Head(task) : null);
    }

    public Task<IReadOnlyDictionary<string, TaskLogHead>> PeekAsync(IReadOnlyCollection<string> taskIds, CancellationToken cancellationToken)
    {
        FailIfAway();
        return Task.FromResult<IReadOnlyDictionary<string, TaskLogHead>>(
            taskIds.Select(database.FindTask).OfType<AgentTask>().ToDictionary(task => task.TaskId, Head));
    }

    public Task<IReadOnlySet<(string TaskId, string SourceId)>> FindSourceIdsAsync(
        IReadOnlyCollection<(string TaskId, string SourceId)> ids, CancellationToken cancellationToken)
    {
        FailIfAway();
        lock (_lock)
        {
            _asked.AddRange(ids);
        }

        return Task.FromResult<IReadOnlySet<(string, string)>>(
            ids.Where(id => database.RowsOf(id.TaskId).Any(row => row.SourceId == id.SourceId)).ToHashSet());
    }

    public async Task<int> WriteAsync(IReadOnlyList<LogRow> rows, IReadOnlyList<long> outboxIds, CancellationToken cancellationToken)
    {
        await (_held?.Task.WaitAsync(cancellationToken) ?? Task.CompletedTask);
        FailIfAway();
        if (rows.Any(Refuses))
        {
            throw new LogRejectedException("The content is refused.", new FormatException());
        }

        database.Write(rows, outboxIds);
        if (LosesNextAnswer)
        {
            LosesNextAnswer = false;
            throw new IOException("The answer was lost.");
        }

        return 0;
    }

    public Task<IReadOnlyList<ChannelFrame>> ReadAsync(string taskId, long after, int limit, CancellationToken cancellationToken)
    {
        FailIfAway();
        return Task.FromResult<IReadOnlyList<ChannelFrame>>(
            [.. database.RowsOf(taskId).Where(row => row.Offset > after).OrderBy(row => row.Offset).Take(limit).Select(ToFrame)]);
    }

    public Task<IReadOnlyList<LogAppend>> ListOutboxAsync(DateTimeOffset before, int limit, CancellationToken cancellationToken)
    {
        FailIfAway();
        var rows = database.ListOutbox(before, limit);
        OutboxReads.Release();
        return Task.FromResult(rows);
    }

    private static ChannelFrame ToFrame(LogRow row) => new(
        Channels.Task(row.TaskId),
        row.Offset,
        row.Timestamp,
        row.Status is { } status
            ? StatusData.ToMessage(row.TaskId, status, row.Previous, row.Data!.Value.GetRawText())
            : new TaskOutputMessage(row.TaskId, row.Output!, row.Kind!, row.Data));

    private OpenedTask Open(string taskId)
    {
        if (database.FindTask(taskId) is { } known)
        {
            return new OpenedTask(taskId, Head(known), null);
        }

        var created = AgentTask.FromOutput(taskId, time.GetUtcNow(), ids.Next());
        var creation = database.Commit([(null, created)], time.GetUtcNow())[0];
        return new OpenedTask(taskId, new TaskLogHead(0, created.Status, false), creation);
    }

    private TaskLogHead Head(AgentTask task)
    {
        var rows = database.RowsOf(task.TaskId);
        return new TaskLogHead(rows.Count == 0 ? 0 : rows[^1].Offset, task.Status, rows.Any(row => row.Kind == OutputKinds.Output));
    }

    private void FailIfAway()
    {
        if (Away)
        {
            throw new IOException("The store is away.");
        }
    }
}
