using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Infrastructure.Redis.PubSub;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace GrooteDashboard.Infrastructure.Redis.Log;

/// <summary>
/// Knows what the writer, on whichever instance, has stored: by what it tells (dash:stored), and by looking once a second in case that was not
/// heard. Completes the appends of this instance, and wakes those who follow a task.
/// </summary>
internal sealed partial class StoredProgress(
    RedisConnection connection, RedisSubscriber subscriber, IOptions<TaskLogOptions> logOptions, IOptions<RedisOptions> options, TimeProvider time, ILogger<StoredProgress> logger)
{
    private const int RememberedHeads = 10_000;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How long Redis remembers the calls of an instance that says nothing.</summary>
    private static readonly TimeSpan CallsRemembered = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly Queue<(LogWork[] Works, long Call)> _unstored = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _waiters = new(StringComparer.Ordinal);
    private readonly BoundedMemory<long> _heads = new(RememberedHeads);
    private string _epoch = "";
    private long _answered;
    private long _stored;

    /// <summary>The name under which this instance appends.</summary>
    public string Instance { get; } = Guid.NewGuid().ToString("N");

    /// <summary>The number of the newest call that was answered in this epoch; 0 where there is none. Redis has to know it too.</summary>
    public long Answered => Interlocked.Read(ref _answered);

    /// <summary>A call was answered: these are stored as soon as the writer tells that it is.</summary>
    public void Add(LogWork[] works, long call)
    {
        lock (_gate)
        {
            _answered = call;
            if (works.Length > 0)
            {
                _unstored.Enqueue((works, call));
            }
        }

        Complete();
    }

    /// <summary>Redis has lost data.</summary>
    /// <returns>What was not stored until then, as far as is known.</returns>
    public IReadOnlyList<LogWork> BeginEpoch(string epoch)
    {
        lock (_gate)
        {
            LogWork[] unstored = [.. _unstored.SelectMany(round => round.Works)];
            _unstored.Clear();
            _epoch = epoch;
            _answered = 0;
            return unstored;
        }
    }

    public async Task WaitForMoreAsync(string taskId, long offset, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var changed = _waiters.GetOrAdd(taskId, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (_heads.TryGet(taskId, out var head) && head > offset)
        {
            return;
        }

        try
        {
            await changed.Task.WaitAsync(atMost, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The source stays for the others who wait on it.
        }
    }

    /// <param name="noticeEpoch">Called when there is another epoch than this instance knows.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(Action noticeEpoch, CancellationToken cancellationToken)
    {
        void Heard(string channel, byte[] message) => Hear(Encoding.UTF8.GetString(message));
        try
        {
            _ = Observe(subscriber.SubscribeAsync(LogKeys.Stored, Heard));
            using var timer = new PeriodicTimer(Interval, time);
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await LookAsync(noticeEpoch, cancellationToken);
                ForgetWaiters();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The log is closed.
        }
    }

    private async Task LookAsync(Action noticeEpoch, CancellationToken cancellationToken)
    {
        try
        {
            var (epoch, answered) = Known();
            var found = (RedisResult[])(await RedisScript.Look.RunAsync(
                connection, [Instance, epoch, Text(answered), Text((long)CallsRemembered.TotalSeconds)], cancellationToken))!;
            if (!found[1].IsNull)
            {
                StoredUpTo((long)found[1]);
            }

            if ((string?)found[0] is { } present && present != epoch)
            {
                noticeEpoch();
            }
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // Away; the health of Redis says so.
        }
    }

    /// <summary>The epoch; then lines of channels and of instances (stored.lua).</summary>
    private void Hear(string message)
    {
        try
        {
            foreach (var line in message.Split('\n').AsSpan(1))
            {
                var space = line.IndexOf(' ', 2);
                var (number, name) = (long.Parse(line.AsSpan(2, space - 2), CultureInfo.InvariantCulture), line[(space + 1)..]);
                if (line[0] == 'c')
                {
                    HearHead(name, number);
                }
                else if (name == Instance)
                {
                    StoredUpTo(number);
                }
            }
        }
        catch (Exception e) when (e is FormatException or ArgumentOutOfRangeException or OverflowException)
        {
            LogNotUnderstood(e.GetType().Name);
        }
    }

    private void HearHead(string channel, long offset)
    {
        if (Channels.TryGetTaskId(channel, out var taskId))
        {
            _heads.Set(taskId, offset);
            if (_waiters.TryRemove(taskId, out var waiter))
            {
                waiter.TrySetResult();
            }
        }
    }

    /// <summary>The writer has stored this call of this instance, and all before it. That stays true whatever Redis loses.</summary>
    private void StoredUpTo(long call)
    {
        lock (_gate)
        {
            _stored = Math.Max(_stored, call);
        }

        Complete();
    }

    private void Complete()
    {
        var stored = new List<LogWork>();
        lock (_gate)
        {
            while (_unstored.TryPeek(out var round) && round.Call <= _stored)
            {
                stored.AddRange(_unstored.Dequeue().Works);
            }
        }

        stored.ForEach(work => work.Complete());
    }

    private (string Epoch, long Answered) Known()
    {
        lock (_gate)
        {
            return (_epoch, _answered);
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private void ForgetWaiters()
    {
        if (_waiters.Count > logOptions.Value.MaxTasksInMemory)
        {
            foreach (var taskId in _waiters.Keys)
            {
                if (_waiters.TryRemove(taskId, out var waiter))
                {
                    waiter.TrySetResult();
                }
            }
        }
    }

    /// <summary>Without an answer the client subscribes by itself as soon as Redis is back.</summary>
    private async Task Observe(Task subscribing)
    {
        try
        {
            await subscribing.WaitAsync(options.Value.CommandTimeout, time);
        }
        catch (Exception e) when (e is RedisException or TimeoutException or ObjectDisposedException)
        {
            // Away; looking once a second does meanwhile.
        }
    }

    [LoggerMessage(LogLevel.Error, "What the writer told cannot be understood: {Error}")]
    private partial void LogNotUnderstood(string error);
}
