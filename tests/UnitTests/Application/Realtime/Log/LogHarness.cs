using System.Diagnostics.Metrics;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.UnitTests.Embedding;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.UnitTests.Application.Realtime.Log;

/// <summary>A running log on a store in memory.</summary>
internal sealed class LogHarness : IAsyncDisposable
{
    public const string TaskId = "task-1";

    private readonly TestMeters _meters = new();

    private LogHarness(InMemoryDatabase database, TaskLogOptions options)
    {
        Database = database;
        Ids = new EventIds(Time);
        Store = new InMemoryTaskLogStore(database, Time, Ids);
        Metrics = new TaskLogMetrics(_meters, Time);
        Log = new TaskLog(Store, Publisher, Time, Options.Create(options), Metrics, NullLogger<TaskLog>.Instance);
    }

    public ManualTime Time { get; } = new();

    public IEventIds Ids { get; }

    public InMemoryDatabase Database { get; }

    public InMemoryTaskLogStore Store { get; }

    public RecordingPublisher Publisher { get; } = new();

    public TaskLogMetrics Metrics { get; }

    public TaskLog Log { get; }

    public static async Task<LogHarness> StartAsync(InMemoryDatabase? database = null, TaskLogOptions? options = null)
    {
        var harness = new LogHarness(database ?? new InMemoryDatabase(), options ?? new TaskLogOptions());
        await harness.Log.StartAsync(CancellationToken.None);
        return harness;
    }

    public static OutputEntry Output(string text, string? id = null, string kind = OutputKinds.Output) => new(ManualTime.Start, id, kind, text);

    public static StatusEntry Status(string eventId, AgentTaskStatus status = AgentTaskStatus.Running) => new(
        ManualTime.Start, eventId, new TaskStatusMessage(TaskId, status, null, 2, null, null, "github", 0.5m, 1, 2, 3, null));

    /// <summary>Takes entries in; the task that is returned completes when they are stored.</summary>
    public async Task<Task<AppendReceipt>> TakeAsync(params LogEntry[] entries) =>
        await Log.AppendAsync([new LogAppend(TaskId, entries)], CancellationToken.None).AsTask().InTime();

    public async Task<AppendReceipt> AppendAsync(params LogEntry[] entries) => await (await TakeAsync(entries)).InTime();

    /// <summary>Registers the task, so that its log begins without the row of its creation.</summary>
    public void Register(string taskId = TaskId)
    {
        var registration = new TaskRegistration("github", "Fix the build", "session-1", "anna");
        var creation = Database.Commit([(null, AgentTask.Register(taskId, registration, Time.GetUtcNow(), Ids.Next()))], Time.GetUtcNow());
        Database.Write([], creation[0].OutboxIds);
    }

    /// <summary>The texts of the task in the order of their offsets.</summary>
    public IReadOnlyList<string> Stored(string taskId = TaskId) => [.. Database.RowsOf(taskId).Where(row => row.Output is not null).Select(row => row.Output!)];

    public IReadOnlyList<long> StoredOffsets(string taskId = TaskId) => [.. Database.RowsOf(taskId).Select(row => row.Offset)];

    public IReadOnlyList<long?> PublishedOffsets(string taskId = TaskId) => [.. Publisher.On(Channels.Task(taskId)).Select(frame => frame.Offset)];

    public async ValueTask DisposeAsync()
    {
        Store.Away = false;
        Store.LetWritesGo();
        using var impatience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await Log.StopAsync(impatience.Token);
        Log.Dispose();
        _meters.Dispose();
    }

    private sealed class TestMeters : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            var meter = new Meter(options);
            _meters.Add(meter);
            return meter;
        }

        public void Dispose() => _meters.ForEach(meter => meter.Dispose());
    }
}
