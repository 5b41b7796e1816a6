using System.Collections.Concurrent;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.System.Ports;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Infrastructure.Redis;
using GrooteDashboard.Testing;
using MediatR;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NSubstitute;

namespace GrooteDashboard.IntegrationTests.Redis;

/// <summary>A process that ingests from a real Redis into a recording log.</summary>
internal sealed class IngestHost : IAsyncDisposable
{
    private readonly IHost _host;

    private IngestHost(IHost host) => _host = host;

    public IngestMetrics Metrics => _host.Services.GetRequiredService<IngestMetrics>();

    public IAgentQueue Queue => _host.Services.GetRequiredService<IAgentQueue>();

    public ISourceProgress Progress => _host.Services.GetRequiredService<ISourceProgress>();

    public FakeLease Lease => (FakeLease)_host.Services.GetRequiredService<IIngestLease>();

    public ConcurrentQueue<RealtimeMessage> Published { get; } = new();

    public ComponentHealth Health(string name) =>
        _host.Services.GetServices<IComponentHealth>().Single(component => component.Name == name).Current;

    public static async Task<IngestHost> StartAsync(RedisServer redis, RecordingLog log, Dictionary<string, string?>? settings = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:Redis"] = redis.ConnectionString,
            ["Redis:CommandTimeout"] = "00:00:01",
            ["Redis:RetryDelay"] = "00:00:00.020",
            ["Redis:MaxRetryDelay"] = "00:00:00.200",
        });
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.AddLogging();
        builder.Services.AddSingleton<ITaskLog>(log);
        builder.Services.AddSingleton<ITaskStatusReader>(log);
        builder.Services.AddSingleton<IIngestLease, FakeLease>();
        builder.Services.AddSingleton(Substitute.For<IRealtimePublisher>());
        builder.Services.AddSingleton(Mediator(log));
        builder.Services.AddRedis(builder.Configuration);
        var host = new IngestHost(builder.Build());
        host._host.Services.GetRequiredService<IRealtimePublisher>()
            .When(publisher => publisher.Publish(Arg.Any<ChannelFrame>()))
            .Do(call => host.Published.Enqueue(call.Arg<ChannelFrame>().Message));
        await host._host.StartAsync();
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await _host.StopAsync(patience.Token);
        if (_host is IAsyncDisposable host)
        {
            await host.DisposeAsync();
        }
    }

    private static IMediator Mediator(RecordingLog log)
    {
        var mediator = Substitute.For<IMediator>();
        mediator.Send(Arg.Any<ReportTaskCommand>(), Arg.Any<CancellationToken>()).Returns(call =>
        {
            var command = call.Arg<ReportTaskCommand>();
            log.Record(command.TaskId, "!" + command.Report.Status?.Name());
            return Task.FromResult<ReportedTask?>(null);
        });
        return mediator;
    }
}

/// <summary>A lease that is held unless the test takes it away.</summary>
internal sealed class FakeLease : IIngestLease, IDisposable
{
    private readonly SemaphoreSlim _free = new(1);
    private CancellationTokenSource _lost = new();

    /// <summary>Nobody can get it any more, and who holds it loses it.</summary>
    public async Task TakeAwayAsync()
    {
        await _lost.CancelAsync();
        await _free.WaitAsync(TimeSpan.FromSeconds(20));
    }

    public void GiveBack() => _free.Release();

    public void Dispose()
    {
        _free.Dispose();
        _lost.Dispose();
    }

    public async Task<IHeldIngestLease> AcquireAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        _lost = new CancellationTokenSource();
        return new Held(this, _lost.Token);
    }

    private sealed class Held(FakeLease lease, CancellationToken lost) : IHeldIngestLease
    {
        public CancellationToken Lost => lost;

        public ValueTask DisposeAsync()
        {
            lease._free.Release();
            return ValueTask.CompletedTask;
        }
    }
}
