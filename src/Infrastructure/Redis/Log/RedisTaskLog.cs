using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Infrastructure.Redis.Resp;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace GrooteDashboard.Infrastructure.Redis.Log;

/// <summary>
/// The log of every task, sequenced by Redis for any number of instances (docs/adr/0008-log-on-redis.md). What waits in the inbox goes out as one
/// call of append.lua, one call at a time: the order of this instance holds, and batches form by themselves. What is taken but not stored yet is
/// kept here, bounded in bytes: should Redis lose its data, it is appended again.
/// </summary>
internal sealed partial class RedisTaskLog : BackgroundService, ITaskLog, ITaskStatusReader
{
    private const int MaxOperationsPerCall = 500;
    private const int MaxBytesPerCall = 1 << 20;
    private const int RememberedStatuses = 10_000;

    /// <summary>From call to call, while there is much to append: a call costs as much as ten entries in it.</summary>
    private static readonly TimeSpan CallInterval = TimeSpan.FromMilliseconds(2);

    /// <summary>Contract: a task channel that was active in the minute before an interruption is told of it.</summary>
    private static readonly TimeSpan ActiveWindow = TimeSpan.FromMinutes(1);

    /// <summary>An announcement belongs to the outage that ended so short a while before.</summary>
    private static readonly TimeSpan JustNow = TimeSpan.FromSeconds(30);

    /// <summary>How old a status may be that another instance changed.</summary>
    private static readonly TimeSpan StatusFresh = TimeSpan.FromMilliseconds(200);

    private readonly RedisConnection _connection;
    private readonly RedisLine _line;
    private readonly RedisChannelFeed _feed;
    private readonly StoredProgress _progress;
    private readonly ITaskLogStore _store;
    private readonly PatientStore _patientStore;
    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly TaskLogMetrics _metrics;
    private readonly ILogger<RedisTaskLog> _logger;
    private readonly ByteBudget _budget;
    private readonly Pace _pace;

    // Unbounded as a channel: what is in it is bounded by the byte budget.
    private readonly Channel<LogWork> _inbox = Channel.CreateUnbounded<LogWork>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Queue<LogWork> _again = new();
    private readonly BoundedMemory<(AgentTaskStatus? Status, long? At)> _statuses = new(RememberedStatuses);
    private string _epoch = "";
    private long _calls;
    private (DateTimeOffset Began, DateTimeOffset Ended) _outage;

    public RedisTaskLog(
        RedisConnection connection,
        RedisLine line,
        RedisChannelFeed feed,
        StoredProgress progress,
        ITaskLogStore store,
        IOptions<TaskLogOptions> logOptions,
        IOptions<RedisOptions> options,
        TimeProvider time,
        TaskLogMetrics metrics,
        ILogger<RedisTaskLog> logger)
    {
        _connection = connection;
        _line = line;
        _feed = feed;
        _progress = progress;
        _store = store;
        _patientStore = new PatientStore(store, time, metrics, logger);
        _options = options.Value;
        _time = time;
        _metrics = metrics;
        _logger = logger;
        _pace = new Pace(CallInterval, time);
        _budget = new ByteBudget(logOptions.Value.MaxPendingBytes);
        metrics.ObservePending(() => _budget.Used);
    }

    public async ValueTask<Task<AppendReceipt>> AppendAsync(IReadOnlyList<LogAppend> appends, CancellationToken cancellationToken)
    {
        var bytes = appends.Sum(append => append.SizeInMemory);
        await _budget.AcquireAsync(bytes, cancellationToken);
        var work = new LogWork(LogOperation.From(appends), bytes) { Budget = _budget, CanWait = appends.All(append => append.CanWait) };
        if (!_inbox.Writer.TryWrite(work))
        {
            _budget.Release(bytes);
            throw new OperationCanceledException("The log is closing.");
        }

        return work.Stored;
    }

    public void AnnounceInterruption(string reason) => _inbox.Writer.TryWrite(new LogWork([], 0) { Announcement = new Announcement(null, reason) });

    public void AnnounceLoss(string taskId, string reason) => _inbox.Writer.TryWrite(new LogWork([], 0) { Announcement = new Announcement(taskId, reason) });

    public Task WaitForMoreAsync(string taskId, long offset, TimeSpan atMost, CancellationToken cancellationToken) =>
        _progress.WaitForMoreAsync(taskId, offset, atMost, cancellationToken);

    public async ValueTask<AgentTaskStatus?> GetStatusAsync(string taskId, CancellationToken cancellationToken)
    {
        if (_statuses.TryGet(taskId, out var known) && known.At is { } at && _time.GetElapsedTime(at) < StatusFresh)
        {
            return known.Status;
        }

        var asked = _time.GetTimestamp();
        var status = await AskStatusAsync(taskId, cancellationToken);
        _statuses.Set(taskId, (status, asked));
        return status;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // No more appends; what was taken goes to Redis while the host's patience lasts, and is stored from there by whoever is the writer.
        _inbox.Writer.TryComplete();
        if (ExecuteTask is { } loops)
        {
            await Task.WhenAny(loops, Task.Delay(Timeout.Infinite, cancellationToken));
        }

        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _connection.Connect();
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var watching = Task.Run(() => _progress.RunAsync(NoticeEpoch, closing.Token), stoppingToken);
        await Task.Run(() => AppendAsync(stoppingToken), stoppingToken);
        await closing.CancelAsync();
        await watching;
    }

    /// <summary>An empty call finds out what is to be done about a new epoch.</summary>
    private void NoticeEpoch() => _inbox.Writer.TryWrite(new LogWork([], 0));

    private async Task AppendAsync(CancellationToken cancellationToken)
    {
        var round = new List<LogWork>();
        while (_again.Count > 0 || await _inbox.Reader.WaitToReadAsync(cancellationToken))
        {
            await _pace.WaitAsync(cancellationToken);
            Gather(round);
            if (round[0].Announcement is { } announcement)
            {
                await UntilItWorksAsync("announce a loss", token => AnnounceAsync(announcement, token), cancellationToken);
            }
            else
            {
                await AppendAsync(round, cancellationToken);
            }
        }
    }

    /// <summary>What waits, up to the bounds of a call. An announcement is a round of its own.</summary>
    private void Gather(List<LogWork> round)
    {
        round.Clear();
        var (operations, bytes) = (0, 0L);
        while (TryPeek(out var work) && (round.Count == 0 || (work.Announcement is null && operations < MaxOperationsPerCall && bytes + work.Bytes <= MaxBytesPerCall)))
        {
            if (!_again.TryDequeue(out _))
            {
                _inbox.Reader.TryRead(out _);
            }

            round.Add(work);
            operations += work.Operations.Count;
            bytes += work.Bytes;
            if (work.Announcement is not null)
            {
                return;
            }
        }
    }

    private bool TryPeek([MaybeNullWhen(false)] out LogWork work) =>
        _again.Count > 0 ? _again.TryPeek(out work) : _inbox.Reader.TryPeek(out work);

    private async Task AppendAsync(List<LogWork> round, CancellationToken cancellationToken)
    {
        var number = ++_calls;
        var heads = new Dictionary<string, TaskLogHead>(StringComparer.Ordinal);
        while (true)
        {
            var call = new AppendCall(round);
            var arguments = call.Arguments(_progress.Instance, number, _progress.Answered, _epoch, heads);
            var reply = await UntilItWorksAsync(
                "append", _ => Task.FromResult(call.Read(RedisScript.Append.Run(_line, arguments))), cancellationToken);
            switch (reply)
            {
                case AppendDone:
                    Done(round, number);
                    return;
                case AppendNeeds needs:
                    round.InsertRange(0, await AskStoreAsync(call, needs, heads, cancellationToken));
                    break;
                case AppendOtherEpoch other when LogEpoch.IsOlder(other.Epoch, _epoch):
                    await UntilItWorksAsync("end an epoch", token => LogEpoch.EndAsync(_connection, other.Epoch, _epoch, token), cancellationToken);
                    break;
                case AppendOtherEpoch other:
                    await BeginAgainAsync(round, other.Epoch, cancellationToken);
                    return;
                case AppendClosed:
                    await Task.Delay(_options.RetryDelay, _time, cancellationToken);
                    break;
            }
        }
    }

    private void Done(List<LogWork> round, long number)
    {
        foreach (var work in round)
        {
            var receipt = work.Receipt;
            _metrics.Taken(receipt.Accepted, receipt.Duplicates);
            foreach (var operation in work.Operations)
            {
                // What was just said is to be known at once; whether it is the newest, Redis knows.
                if (operation.State is not null && Channels.TryGetTaskId(operation.Channel, out var taskId))
                {
                    _statuses.Set(taskId, default);
                }
            }
        }

        _feed.Appended(_epoch, round.SelectMany(work => work.Operations));
        // Nothing was appended for those that only had to find out about an epoch.
        _progress.Add([.. round.Where(work => work.Operations.Count > 0)], number);
    }

    /// <summary>
    /// Redis has lost data. What was appended but is not known to be stored is appended again first, in its order; what the store holds after all is
    /// left out. (Everything that Redis still held is stored by now: the writer saw to that before it opened the epoch.)
    /// </summary>
    private async Task BeginAgainAsync(List<LogWork> round, string epoch, CancellationToken cancellationToken)
    {
        var unstored = _progress.BeginEpoch(epoch);
        if (_epoch.Length > 0)
        {
            LogNewEpoch(unstored.Count);
        }

        _epoch = epoch;
        LogWork[] later = [.. round, .. _again];
        _again.Clear();
        await FindKeptAsync(unstored, cancellationToken);
        foreach (var work in unstored)
        {
            if (work.Operations.All(operation => operation.IsKept))
            {
                work.Complete();
            }
            else
            {
                _again.Enqueue(work);
            }
        }

        foreach (var work in later)
        {
            _again.Enqueue(work);
        }

        foreach (var operation in _again.SelectMany(work => work.Operations))
        {
            operation.IsStored = null;
        }
    }

    /// <summary>
    /// Finds out which of these the store holds: under the offset that they were given, or after it, where the store has moved what another row was
    /// in the place of. The offset alone says nothing: another instance may have appended to older data before that was noticed.
    /// </summary>
    private async Task FindKeptAsync(IReadOnlyList<LogWork> works, CancellationToken cancellationToken)
    {
        var rows = new Dictionary<(string Channel, string Body), SortedSet<long>>();
        foreach (var task in works.SelectMany(work => work.Operations).Where(operation => operation is { IsEntry: true, Offset: > 0 }).GroupBy(operation => operation.Channel))
        {
            IReadOnlyList<ChannelFrame> frames;
            for (var after = task.Min(operation => operation.Offset - operation.Messages.Count); ; after = frames[^1].Offset!.Value)
            {
                var from = after;
                frames = await UntilItWorksAsync("read the store", token => _store.ReadAsync(TaskIdOf(task.Key), from, MaxOperationsPerCall, token), cancellationToken);
                if (frames.Count == 0)
                {
                    break;
                }

                foreach (var frame in frames)
                {
                    var row = (task.Key, Encoding.UTF8.GetString(FrameCodec.Encode(frame.Timestamp, frame.Message)));
                    CollectionsMarshal.GetValueRefOrAddDefault(rows, row, out _) ??= [];
                    rows[row].Add(frame.Offset!.Value);
                }
            }
        }

        foreach (var work in works)
        {
            var isKept = false;
            foreach (var operation in work.Operations)
            {
                isKept = operation.Follows ? isKept : operation is { IsEntry: true, Offset: > 0 } && Take(operation);
                operation.IsKept = isKept;
            }
        }

        // Each row stands for one entry only: equal ones may be several.
        bool Take(LogOperation operation)
        {
            var first = operation.Offset - operation.Messages.Count + 1;
            return operation.Messages.Select((message, index) => (Row: (operation.Channel, Encoding.UTF8.GetString(message.Body)), Offset: first + index)).ToList().TrueForAll(piece =>
                rows.TryGetValue(piece.Row, out var offsets) && offsets.FirstOrDefault(offset => offset >= piece.Offset) is > 0 and var found && offsets.Remove(found));
        }
    }

    /// <returns>What has to be appended first: changes of tasks that were created just now because nobody had registered them.</returns>
    private async Task<IReadOnlyList<LogWork>> AskStoreAsync(
        AppendCall call, AppendNeeds needs, Dictionary<string, TaskLogHead> heads, CancellationToken cancellationToken)
    {
        var creations = new List<LogWork>();
        if (needs.Heads.Count > 0)
        {
            foreach (var task in await _patientStore.OpenAsync([.. needs.Heads.Select(TaskIdOf)], cancellationToken))
            {
                heads[Channels.Task(task.TaskId)] = task.Head;
                if (task.Creation is { } creation)
                {
                    creations.Add(new LogWork(LogOperation.From([creation]), 0));
                }
            }
        }

        var doubtful = call.WithId(heads).Union(needs.Ids).ToList();
        if (doubtful.Count > 0)
        {
            var stored = await _patientStore.FindSourceIdsAsync(
                [.. doubtful.Select(operation => (TaskIdOf(operation.Channel), operation.SourceId)).Distinct()], cancellationToken);
            doubtful.ForEach(operation => operation.IsStored = stored.Contains((TaskIdOf(operation.Channel), operation.SourceId)));
        }

        return creations;
    }

    private async Task<bool> AnnounceAsync(Announcement announcement, CancellationToken cancellationToken)
    {
        var body = FrameCodec.Encode(_time.GetUtcNow(), new GapMessage(null, null, announcement.Reason, null));
        if (announcement.TaskId is { } taskId)
        {
            await RedisScript.Announce.RunAsync(_connection, [body, "", Channels.Task(taskId)], cancellationToken);
            await _feed.UntilHeardAsync(cancellationToken);
            return true;
        }

        // The minute before the interruption, which may have lasted.
        var now = _time.GetUtcNow();
        var since = now - _outage.Ended < JustNow ? now - _outage.Began + ActiveWindow : ActiveWindow;
        await RedisScript.Announce.RunAsync(_connection, [body, ((long)since.TotalSeconds).ToString(CultureInfo.InvariantCulture)], cancellationToken);
        await _feed.UntilHeardAsync(cancellationToken);
        return true;
    }

    private async Task<AgentTaskStatus?> AskStatusAsync(string taskId, CancellationToken cancellationToken)
    {
        try
        {
            var position = (RedisResult[])(await RedisScript.Position.RunAsync(_connection, [Channels.Task(taskId)], cancellationToken))!;
            if (TaskState.Parse((string?)position[2]) is { } status)
            {
                return status;
            }
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // The store knows it too, if a moment late.
        }

        return (await _store.PeekAsync(taskId, cancellationToken))?.Status;
    }

    /// <summary>Redis may be away for as long as it likes: the round waits, and everything after it.</summary>
    private async Task<T> UntilItWorksAsync<T>(string what, Func<CancellationToken, Task<T>> attempt, CancellationToken cancellationToken)
    {
        DateTimeOffset? failing = null;
        for (var failures = 0; ;)
        {
            try
            {
                var result = await attempt(cancellationToken);
                if (failing is { } began)
                {
                    _outage = (began, _time.GetUtcNow());
                    LogBack(what, failures);
                }

                return result;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                if (failing is null)
                {
                    failing = _time.GetUtcNow();
                    LogAway(what, e.GetType().Name, e.Message);
                }

                await Task.Delay(Backoff.Delay(failures++, _options.RetryDelay, _options.MaxRetryDelay), _time, cancellationToken);
            }
        }
    }

    private static string TaskIdOf(string channel) =>
        Channels.TryGetTaskId(channel, out var taskId) ? taskId : throw new ArgumentException($"{channel} is not the channel of a task.", nameof(channel));

    [LoggerMessage(LogLevel.Warning, "Redis cannot {What}: {Error} {Reason}; trying again until it can")]
    private partial void LogAway(string what, string error, string reason);

    [LoggerMessage(LogLevel.Information, "Redis can {What} again, after {Failures} failures")]
    private partial void LogBack(string what, int failures);

    [LoggerMessage(LogLevel.Warning, "Redis has lost data: the channels begin a new epoch, and {Works} appends that are not known to be stored are looked after")]
    private partial void LogNewEpoch(int works);
}
