using System.Collections.Concurrent;
using System.Threading.Channels;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.Application.Realtime.Log;

/// <summary>
/// The log of every task, sequenced by one process. Two loops: the sequencer gives each entry its offset and publishes it at once;
/// the writer stores what was published, in batches. Between them lies everything that is taken but not stored yet, bounded in bytes:
/// while the store is away, live output goes on until that bound is reached, then appends wait.
/// </summary>
internal sealed class TaskLog : BackgroundService, ITaskLog, IChannelPositions, IChannelFeed, ITaskStatusReader
{
    private const int MaxAppendsPerRound = 1_000;

    /// <summary>What is kept in memory of a task's channel and of the channel of all tasks, for clients that come back after a moment.</summary>
    private const int TaskWindowMessages = 500;
    private const int TaskWindowBytes = 256 << 10;
    private const int TasksWindowMessages = 10_000;
    private const int TasksWindowBytes = 8 << 20;

    private const int MaxRowsPerWrite = 5_000;

    /// <summary>Contract: a task channel that was active in the minute before an interruption is told of it.</summary>
    private static readonly TimeSpan ActiveWindow = TimeSpan.FromMinutes(1);

    /// <summary>How long a task that is stored and silent stays in memory, and how often that is looked at.</summary>
    private static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ForgetInterval = TimeSpan.FromMinutes(1);

    private readonly ITaskLogStore _store;
    private readonly IRealtimePublisher _publisher;
    private readonly TimeProvider _time;
    private readonly TaskLogOptions _options;
    private readonly TaskLogMetrics _metrics;
    private readonly PatientStore _patientStore;
    private readonly ByteBudget _budget;

    // Unbounded channels: what is in them is bounded by the byte budget.
    private readonly Channel<Work> _inbox = Channel.CreateUnbounded<Work>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Channel<Sequenced> _unstored = Channel.CreateUnbounded<Sequenced>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly ConcurrentDictionary<string, OpenTask> _open = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _waiters = new(StringComparer.Ordinal);
    private readonly string _epoch = Guid.NewGuid().ToString("N")[..12];
    private readonly ChannelWindow _tasksWindow = new(TasksWindowMessages, TasksWindowBytes);
    private long _tasksOffset;
    private DateTimeOffset _forgotAt;

    public TaskLog(
        ITaskLogStore store,
        IRealtimePublisher publisher,
        TimeProvider time,
        IOptions<TaskLogOptions> options,
        TaskLogMetrics metrics,
        ILogger<TaskLog> logger)
    {
        _store = store;
        _publisher = publisher;
        _time = time;
        _options = options.Value;
        _metrics = metrics;
        _patientStore = new PatientStore(store, time, metrics, logger);
        _budget = new ByteBudget(_options.MaxPendingBytes);
        metrics.ObservePending(() => _budget.Used);
    }

    public async ValueTask<Task<AppendReceipt>> AppendAsync(IReadOnlyList<LogAppend> appends, CancellationToken cancellationToken)
    {
        var bytes = appends.Sum(append => append.SizeInMemory);
        await _budget.AcquireAsync(bytes, cancellationToken);
        var work = new Work(appends, bytes, null);
        if (!_inbox.Writer.TryWrite(work))
        {
            _budget.Release(bytes);
            throw new OperationCanceledException("The log is closing.");
        }

        return work.Stored.Task;
    }

    public void AnnounceInterruption(string reason) => _inbox.Writer.TryWrite(new Work([], 0, () =>
    {
        var since = _time.GetUtcNow() - ActiveWindow;
        foreach (var task in _open.Values.Where(task => task.LastActive >= since))
        {
            PublishLoss(task.TaskId, reason);
        }
    }));

    public void AnnounceLoss(string taskId, string reason) => _inbox.Writer.TryWrite(new Work([], 0, () => PublishLoss(taskId, reason)));

    public async Task WaitForMoreAsync(string taskId, long offset, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var changed = _waiters.GetOrAdd(taskId, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (_open.TryGetValue(taskId, out var task) && task.StoredOffset > offset)
        {
            return;
        }

        try
        {
            await changed.Task.WaitAsync(atMost, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The source stays for the others who wait on it.
        }
    }

    public async ValueTask<ChannelPosition> GetAsync(string channel, CancellationToken cancellationToken)
    {
        if (!Channels.TryGetTaskId(channel, out var taskId))
        {
            return new ChannelPosition(_epoch, channel == Channels.Tasks ? Interlocked.Read(ref _tasksOffset) : 0);
        }

        if (_open.TryGetValue(taskId, out var task))
        {
            return new ChannelPosition(_epoch, task.Offset);
        }

        return new ChannelPosition(_epoch, (await _store.PeekAsync(taskId, cancellationToken))?.Offset ?? 0);
    }

    /// <summary>This process publishes every channel itself: there is nothing to begin.</summary>
    public ValueTask<ChannelPosition> WatchAsync(string channel, CancellationToken cancellationToken) => GetAsync(channel, cancellationToken);

    public void Unwatch(string channel)
    {
        // As above.
    }

    /// <summary>Whoever watches hears it at once, and there is no other process whose clients could have missed it.</summary>
    public ChannelLoss? LastLoss(string channel) => null;

    public async ValueTask<ChannelHistory> ReadAsync(string channel, long after, int limit, CancellationToken cancellationToken)
    {
        if (channel == Channels.Tasks)
        {
            return _tasksWindow.Read(after, limit) is { } listed
                ? new ChannelHistory(listed, after + 1)
                : new ChannelHistory([], _tasksWindow.FirstKept(Interlocked.Read(ref _tasksOffset)));
        }

        if (!Channels.TryGetTaskId(channel, out var taskId))
        {
            return new ChannelHistory([], after + 1);
        }

        // The window holds what is not stored yet; the store holds all that has left the window.
        if (_open.TryGetValue(taskId, out var task) && task.Window.Read(after, limit) is { } recent)
        {
            return new ChannelHistory(recent, after + 1);
        }

        var rows = await _store.ReadAsync(taskId, after, limit, cancellationToken);
        var firstKept = rows.Count > 0 ? rows[0].Offset!.Value : after + 1;

        // A row that the store refused is missing for ever. The next call begins after the hole, and says so.
        return new ChannelHistory([.. rows.TakeWhile((row, index) => row.Offset == firstKept + index)], firstKept);
    }

    public async ValueTask<AgentTaskStatus?> GetStatusAsync(string taskId, CancellationToken cancellationToken) =>
        _open.TryGetValue(taskId, out var task) ? task.Status : (await _store.PeekAsync(taskId, cancellationToken))?.Status;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // No more appends; what was taken is stored while the host's patience lasts.
        _inbox.Writer.TryComplete();
        if (ExecuteTask is { } loops)
        {
            await Task.WhenAny(loops, Task.Delay(Timeout.Infinite, cancellationToken));
        }

        await base.StopAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Task.Run(() => SequenceAsync(stoppingToken), stoppingToken), Task.Run(() => StoreAsync(stoppingToken), stoppingToken));

    private async Task SequenceAsync(CancellationToken cancellationToken)
    {
        var round = new List<Work>(MaxAppendsPerRound);
        while (await _inbox.Reader.WaitToReadAsync(cancellationToken))
        {
            round.Clear();
            while (round.Count < MaxAppendsPerRound && _inbox.Reader.TryRead(out var work))
            {
                round.Add(work);
            }

            var creations = await OpenTasksAsync(round, cancellationToken);
            var taken = await FindTakenAsync(round, cancellationToken);
            foreach (var creation in creations)
            {
                Sequence(new Work([creation], 0, null), taken);
            }

            foreach (var work in round)
            {
                Sequence(work, taken);
            }

            _publisher.EndRound();
            ForgetIdleTasks();
        }

        _unstored.Writer.TryComplete();
    }

    /// <summary>Loads the heads of tasks that are not in memory; creates those that do not exist.</summary>
    private async Task<IReadOnlyList<LogAppend>> OpenTasksAsync(List<Work> round, CancellationToken cancellationToken)
    {
        var unknown = round.SelectMany(work => work.Appends).Select(append => append.TaskId).Where(id => !_open.ContainsKey(id)).ToHashSet();
        if (unknown.Count == 0)
        {
            return [];
        }

        var opened = await _patientStore.OpenAsync(unknown, cancellationToken);
        foreach (var task in opened)
        {
            _open[task.TaskId] = new OpenTask(task.TaskId, task.Head);
        }

        return [.. opened.Where(task => task.Creation is not null).Select(task => task.Creation!)];
    }

    /// <summary>Asks the store for the ids that memory cannot answer for.</summary>
    private async Task<IReadOnlySet<(string TaskId, string SourceId)>> FindTakenAsync(List<Work> round, CancellationToken cancellationToken)
    {
        HashSet<(string, string)>? doubtful = null;
        foreach (var append in round.SelectMany(work => work.Appends))
        {
            var ids = _open[append.TaskId].Ids;
            foreach (var entry in append.Entries)
            {
                if (entry.SourceId is { } id && !ids.Complete && !ids.Contains(id))
                {
                    (doubtful ??= []).Add((append.TaskId, id));
                }
            }
        }

        return doubtful is null
            ? Empty
            : await _patientStore.FindSourceIdsAsync(doubtful, cancellationToken);
    }

    private static IReadOnlySet<(string, string)> Empty { get; } = new HashSet<(string, string)>();

    private void Sequence(Work work, IReadOnlySet<(string TaskId, string SourceId)> taken)
    {
        work.Announcement?.Invoke();
        var rows = new List<LogRow>();
        var (accepted, duplicates, lastOffset) = (0, 0, 0L);
        foreach (var append in work.Appends)
        {
            var task = _open[append.TaskId];
            task.LastActive = _time.GetUtcNow();
            foreach (var entry in append.Entries)
            {
                if (IsTaken(task, entry, taken))
                {
                    duplicates++;
                    continue;
                }

                accepted++;
                var first = rows.Count;
                AddRows(task, entry, rows);
                for (var i = first; i < rows.Count; i++)
                {
                    Publish(task, entry, rows[i]);
                }
            }

            lastOffset = task.Offset;
        }

        _metrics.Taken(accepted, duplicates);
        _unstored.Writer.TryWrite(new Sequenced(work, rows, new AppendReceipt(accepted, duplicates, lastOffset)));
    }

    private static bool IsTaken(OpenTask task, LogEntry entry, IReadOnlySet<(string TaskId, string SourceId)> taken) =>
        (entry.SourceId is { } id && (task.Ids.Contains(id) || taken.Contains((task.TaskId, id))))
        || (entry is OutputEntry { IsRepeat: true } && task.HasOutput);

    private static void AddRows(OpenTask task, LogEntry entry, List<LogRow> rows)
    {
        var offset = task.Offset;
        switch (entry)
        {
            case OutputEntry output:
                // A split chunk is one entry: its id stands on the first piece, its structured parts too.
                var (id, data) = (output.SourceId, output.Data);
                foreach (var piece in LogText.Split(LogText.Clean(output.Text)))
                {
                    rows.Add(new LogRow(task.TaskId, ++offset, output.StoredTimestamp, id, output.Kind, piece, data, null, null));
                    (id, data) = (null, null);
                }

                task.HasOutput |= output.Kind == OutputKinds.Output;
                break;
            case StatusEntry status:
                rows.Add(new LogRow(task.TaskId, ++offset, status.StoredTimestamp, status.SourceId, null, null, StatusData.From(status.Message), status.Message.Status, status.Message.Previous));
                if (status.Message.Version > task.StatusVersion)
                {
                    // One that waited in the outbox may come after a newer one.
                    (task.Status, task.StatusVersion) = (status.Message.Status, status.Message.Version);
                }

                break;
        }

        if (entry.SourceId is { } taken)
        {
            task.Ids.Add(taken, offset, task.StoredOffset);
        }
    }

    private void Publish(OpenTask task, LogEntry entry, in LogRow row)
    {
        RealtimeMessage message = entry is StatusEntry status
            ? status.Message
            : new TaskOutputMessage(row.TaskId, row.Output!, row.Kind!, row.Data);
        var frame = new ChannelFrame(Channels.Task(row.TaskId), row.Offset, row.Timestamp, message);
        var bytes = LogAppend.EntryOverheadBytes + ((row.Output?.Length ?? 0) * 2);

        // The head before the message: whoever comes to watch between the two and is told the old head would miss it. The window before the head:
        // what is up to the head can be read.
        task.Window.Add(frame, bytes, task.StoredOffset);
        task.Offset = row.Offset;
        _publisher.Publish(frame);
        if (entry is StatusEntry)
        {
            var listed = frame with { Channel = Channels.Tasks, Offset = _tasksOffset + 1 };
            _tasksWindow.Add(listed, bytes, listed.Offset.Value);
            Interlocked.Increment(ref _tasksOffset);
            _publisher.Publish(listed);
        }
    }

    private void PublishLoss(string taskId, string reason) =>
        _publisher.Publish(new ChannelFrame(Channels.Task(taskId), null, _time.GetUtcNow(), new GapMessage(null, null, reason, null)));

    private async Task StoreAsync(CancellationToken cancellationToken)
    {
        var batch = new List<Sequenced>();
        while (await _unstored.Reader.WaitToReadAsync(cancellationToken))
        {
            batch.Clear();
            var rows = 0;
            while (rows < MaxRowsPerWrite && _unstored.Reader.TryRead(out var sequenced))
            {
                batch.Add(sequenced);
                rows += sequenced.Rows.Count;
            }

            var started = _time.GetTimestamp();
            await _patientStore.WriteAsync([.. batch.SelectMany(s => s.Rows)], [.. batch.SelectMany(s => s.Work.Appends).SelectMany(a => a.OutboxIds)], cancellationToken);
            _metrics.Stored(rows, _time.GetElapsedTime(started));
            batch.ForEach(Complete);
        }
    }

    private void Complete(Sequenced sequenced)
    {
        foreach (var row in sequenced.Rows)
        {
            if (_open.TryGetValue(row.TaskId, out var task))
            {
                task.StoredOffset = row.Offset;
            }
        }

        foreach (var append in sequenced.Work.Appends)
        {
            if (_waiters.TryRemove(append.TaskId, out var waiter))
            {
                waiter.TrySetResult();
            }
        }

        _budget.Release(sequenced.Work.Bytes);
        sequenced.Work.Stored.TrySetResult(sequenced.Receipt);
    }

    private void ForgetIdleTasks()
    {
        if (_waiters.Count > _options.MaxTasksInMemory)
        {
            foreach (var (taskId, waiter) in _waiters)
            {
                _waiters.TryRemove(taskId, out _);
                waiter.TrySetResult();
            }
        }

        var now = _time.GetUtcNow();
        if (_open.Count <= _options.MaxTasksInMemory && now - _forgotAt < ForgetInterval)
        {
            return;
        }

        _forgotAt = now;
        // Those that have long been idle; and where that is not enough a tenth at once, so that this does not run for every new task.
        var tooMany = Math.Max(0, _open.Count - _options.MaxTasksInMemory + (_options.MaxTasksInMemory / 10));
        var stored = _open.Values.Where(task => task.StoredOffset == task.Offset).OrderBy(task => task.LastActive).ToList();
        foreach (var task in stored.Where((task, i) => task.LastActive < now - IdleTime || (_open.Count > _options.MaxTasksInMemory && i < tooMany)))
        {
            _open.TryRemove(task.TaskId, out _);
        }
    }

    /// <summary>An append on its way in.</summary>
    private sealed record Work(IReadOnlyList<LogAppend> Appends, long Bytes, Action? Announcement)
    {
        public TaskCompletionSource<AppendReceipt> Stored { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>An append that has its offsets and waits to be stored.</summary>
    private sealed record Sequenced(Work Work, IReadOnlyList<LogRow> Rows, AppendReceipt Receipt);

    /// <summary>A task's log as the sequencer knows it. Written by one loop, read by others.</summary>
    private sealed class OpenTask(string taskId, TaskLogHead head)
    {
        private long _offset = head.Offset;
        private long _storedOffset = head.Offset;

        public string TaskId { get; } = taskId;

        public ChannelWindow Window { get; } = new(TaskWindowMessages, TaskWindowBytes);

        public RecentIds Ids { get; } = new(complete: head.Offset == 0);

        public AgentTaskStatus Status { get; set; } = head.Status;

        public int StatusVersion { get; set; }

        public bool HasOutput { get; set; } = head.HasOutput;

        public DateTimeOffset LastActive { get; set; }

        public long Offset
        {
            get => Interlocked.Read(ref _offset);
            set => Interlocked.Exchange(ref _offset, value);
        }

        public long StoredOffset
        {
            get => Interlocked.Read(ref _storedOffset);
            set => Interlocked.Exchange(ref _storedOffset, value);
        }
    }
}
