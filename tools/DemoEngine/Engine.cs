using GrooteDashboard.DemoEngine.Scenarios;

namespace GrooteDashboard.DemoEngine;

/// <summary>Starts tasks at the rate that was asked for, takes work from the queue, and never runs more than so many at once.</summary>
internal sealed class Engine : IDisposable
{
    /// <summary>A few tasks played fast at the start, so that whoever opens the dashboard at once finds something finished.</summary>
    private const int HistoryTasks = 5;
    private const double HistorySpeed = 25;

    private readonly EngineOptions _options;
    private readonly EngineClient _client;
    private readonly Lifetime _lifetime;
    private readonly TimeProvider _clock;
    private readonly Log _log;
    private readonly SemaphoreSlim _slots;

    public Engine(EngineOptions options, EngineClient client, Lifetime lifetime, TimeProvider clock, Log log)
    {
        _options = options;
        _client = client;
        _lifetime = lifetime;
        _clock = clock;
        _log = log;
        _slots = new SemaphoreSlim(options.MaxConcurrent);
    }

    public async Task RunAsync()
    {
        await using var queue = await WorkQueue.ConnectAsync(_options.RedisUrl);
        await Task.WhenAll(StartOwnTasksAsync(), ServeQueueAsync(queue));

        // Every slot free again means that every run has made its last report.
        for (var i = 0; i < _options.MaxConcurrent; i++)
            await _slots.WaitAsync(_lifetime.Deadline);
    }

    /// <summary>Runs one task to its end; true when its end could be reported.</summary>
    public async Task<bool> RunOnceAsync(Scenario scenario)
    {
        await _client.WaitForRedisAsync(_lifetime.Stopping);
        await _client.WaitForDashboardAsync(_lifetime.Stopping);
        var script = scenario.Write(new Dice(_options.Seed)).With(_options.Outcome);
        return await RunTaskAsync(script.ToTask(_options.TaskId ?? NewTaskId()), script, _options.Speed);
    }

    public void Dispose() => _slots.Dispose();

    private async Task StartOwnTasksAsync()
    {
        if (_options.TasksPerMinute == 0)
            return;

        try
        {
            await _client.WaitForRedisAsync(_lifetime.Stopping);
            for (var number = 0; ; number++)
            {
                var dice = new Dice(unchecked((_options.Seed * 397) + number));
                var isHistory = number < HistoryTasks;
                await _client.WaitForDashboardAsync(_lifetime.Stopping);
                await _slots.WaitAsync(_lifetime.Stopping);
                StartOwnTask(dice, isHistory);

                if (!isHistory)
                    await Task.Delay(TimeSpan.FromMinutes(dice.Between(0.5, 1.5) / _options.TasksPerMinute), _clock, _lifetime.Stopping);
            }
        }
        catch (OperationCanceledException) when (_lifetime.Stopping.IsCancellationRequested)
        {
            // The end was asked for.
        }
    }

    private void StartOwnTask(Dice dice, bool isHistory)
    {
        var script = isHistory
            ? ScenarioCatalog.PickForHistory(dice).Write(dice)
            : ScenarioCatalog.Pick(dice).Write(dice).With(ScenarioCatalog.PickOutcome(dice));
        Start(script.ToTask(NewTaskId()), script, isHistory ? _options.Speed * HistorySpeed : _options.Speed);
    }

    private async Task ServeQueueAsync(WorkQueue queue)
    {
        for (var number = 0; await queue.TakeAsync(_lifetime.Stopping) is { } item; number++)
        {
            if (!QueuedWork.TryParse(item, out var task))
            {
                _log.Write("dropped an item of agent:tasks that is not a JSON object with a task_id");
                continue;
            }

            try
            {
                await _client.WaitForDashboardAsync(_lifetime.Stopping);
                await _slots.WaitAsync(_lifetime.Stopping);
            }
            catch (OperationCanceledException)
            {
                await queue.ReturnAsync(item, _lifetime.Deadline);
                return;
            }

            var dice = new Dice(unchecked((_options.Seed * 397) - 1 - number));
            var script = ScenarioCatalog.For(task.InputMessage, dice).Write(dice);
            Start(task, script, _options.Speed);
        }
    }

    /// <summary>The caller has taken a slot; the run gives it back.</summary>
    private void Start(AgentTask task, Script script, double speed) => _ = RunInSlotAsync(task, script, speed);

    private async Task RunInSlotAsync(AgentTask task, Script script, double speed)
    {
        try
        {
            await RunTaskAsync(task, script, speed);
        }
        finally
        {
            _slots.Release();
        }
    }

    private async Task<bool> RunTaskAsync(AgentTask task, Script script, double speed)
    {
        var livePath = _options.LivePath == LivePath.Mixed ? script.LivePath : _options.LivePath;
        _log.Write($"{task.TaskId} started: {script.Scenario}, {task.Source}, {task.AssignedAgent}, output by {livePath}");
        try
        {
            var run = new TaskRun(task, script, livePath, speed, _client, _lifetime, _clock, _log);
            var status = await run.RunAsync();
            _log.Write($"{task.TaskId} {status}");
            return true;
        }
        catch (Exception e)
        {
            _log.Write($"{task.TaskId} could not be reported to its end: {e.Message}");
            return false;
        }
    }

    private static string NewTaskId() => Guid.NewGuid().ToString();
}
