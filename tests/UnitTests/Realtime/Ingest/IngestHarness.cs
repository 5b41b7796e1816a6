using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NSubstitute;

namespace GrooteDashboard.UnitTests.Realtime.Ingest;

/// <summary>The ingest with everything behind it recorded, in one order.</summary>
internal sealed class IngestHarness : IMeterFactory, ITaskLog, ITaskStatusReader
{
    public static readonly DateTimeOffset Now = new(2026, 11, 20, 10, 0, 0, TimeSpan.Zero);

    private readonly List<Meter> _meters = [];
    private readonly IMediator _mediator = Substitute.For<IMediator>();
    private readonly Queue<Exception> _failures = new();
    private long _lastId = Now.ToUnixTimeMilliseconds();

    public IngestHarness()
    {
        _mediator.Send(Arg.Any<ReportTaskCommand>(), Arg.Any<CancellationToken>()).Returns(call => Send<ReportedTask?>(call.Arg<ReportTaskCommand>()));
        _mediator.Send(Arg.Any<RegisterTaskCommand>(), Arg.Any<CancellationToken>()).Returns(call => Send<RegisteredTask>(call.Arg<RegisterTaskCommand>()));
        Tasks.FindAsync(default!, default).ReturnsForAnyArgs(_ => Task.FromResult(Task_));

        var services = Substitute.For<IServiceProvider>();
        services.GetService(typeof(IMediator)).Returns(_mediator);
        services.GetService(typeof(IAgentTaskRepository)).Returns(Tasks);
        var scope = Substitute.For<IServiceScope>();
        scope.ServiceProvider.Returns(services);
        var scopes = Substitute.For<IServiceScopeFactory>();
        scopes.CreateScope().Returns(scope);

        Metrics = new IngestMetrics(this);
        var time = Substitute.ForPartsOf<TimeProvider>();
        time.GetUtcNow().Returns(Now);
        Ingest = new TaskIngest(
            this,
            scopes,
            this,
            Publisher,
            Metrics,
            Options.Create(new IngestOptions { RetryDelay = TimeSpan.FromMilliseconds(1), MaxRetryDelay = TimeSpan.FromMilliseconds(2), MaxAttempts = 3 }),
            time,
            NullLogger<TaskIngest>.Instance);
    }

    public TaskIngest Ingest { get; }

    public IngestMetrics Metrics { get; }

    public IRealtimePublisher Publisher { get; } = Substitute.For<IRealtimePublisher>();

    public IAgentTaskRepository Tasks { get; } = Substitute.For<IAgentTaskRepository>();

    /// <summary>What the status of every task is.</summary>
    public AgentTaskStatus? Status { get; set; }

    /// <summary>What every task is in the repository.</summary>
    public AgentTask? Task_ { get; set; }

    public TaskCompletionSource<AppendReceipt> Stored { get; } = new();

    /// <summary>Entries and commands, in the order in which they were carried out.</summary>
    public List<(string TaskId, object What)> Done { get; } = [];

    /// <summary>The calls to the log.</summary>
    public List<IReadOnlyList<LogAppend>> Calls { get; } = [];

    public int Attempts { get; private set; }

    public IEnumerable<OutputEntry> Entries => Done.Select(done => done.What).OfType<OutputEntry>();

    public IEnumerable<ReportTaskCommand> Reports => Done.Select(done => done.What).OfType<ReportTaskCommand>();

    /// <summary>The next commands fail.</summary>
    public void Fail(params Exception[] failures) => Array.ForEach(failures, _failures.Enqueue);

    public ValueTask<Task> TakeAsync(params ProducerMessage[] messages) => Ingest.TakeAsync(messages, CancellationToken.None);

    public static ChannelMessage Published(string channel, string payload) => new(channel, Encoding.UTF8.GetBytes(payload));

    public StreamEvent Event(string type, object? data = null, string? taskId = "t1", string? id = null)
    {
        var json = data as string ?? JsonSerializer.Serialize(data ?? new { });
        return new StreamEvent(id ?? $"{++_lastId}-0", type, "2026-11-20T09:59:59.5", taskId, Encoding.UTF8.GetBytes(json), json.Length);
    }

    public Meter Create(MeterOptions options)
    {
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose() => _meters.ForEach(meter => meter.Dispose());

    public ValueTask<Task<AppendReceipt>> AppendAsync(IReadOnlyList<LogAppend> appends, CancellationToken cancellationToken)
    {
        Calls.Add(appends);
        foreach (var append in appends)
        {
            Done.AddRange(append.Entries.Select(entry => (append.TaskId, (object)entry)));
        }

        return new(Stored.Task);
    }

    public void AnnounceInterruption(string reason) => throw new NotSupportedException();

    public void AnnounceLoss(string taskId, string reason) => throw new NotSupportedException();

    public Task WaitForMoreAsync(string taskId, long offset, TimeSpan atMost, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<AgentTaskStatus?> GetStatusAsync(string taskId, CancellationToken cancellationToken) => new(Status);

    private Task<T> Send<T>(object command)
    {
        Attempts++;
        if (_failures.TryDequeue(out var failure))
        {
            throw failure;
        }

        var taskId = command is ReportTaskCommand report ? report.TaskId : ((RegisterTaskCommand)command).TaskId;
        Done.Add((taskId, command));
        return Task.FromResult<T>(default!);
    }
}
