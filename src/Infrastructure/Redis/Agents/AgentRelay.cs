using System.Diagnostics.Metrics;
using System.Threading.Channels;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Infrastructure.Persistence;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Infrastructure.Redis.Agents;

/// <summary>
/// Tells the agent engine what the agent outbox holds: in order, at least once, by one process at a time. While Redis or PostgreSQL is away it waits; what was not
/// told stays in the outbox.
/// </summary>
internal sealed partial class AgentRelay : BackgroundService
{
    public const string LeaseName = "agents";
    public const string MeterName = "GrooteDashboard.Agents";

    private const int MaxRows = 100;

    /// <summary>A signal may have been missed.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(2);

    private readonly AgentOutboxStore _outbox;
    private readonly AgentEngine _engine;
    private readonly IIngestLease _lease;
    private readonly PostgresSignals _signals;
    private readonly IServiceScopeFactory _scopes;
    private readonly TimeProvider _time;
    private readonly ILogger<AgentRelay> _logger;
    private readonly Counter<long> _told;
    private readonly Counter<long> _failures;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public AgentRelay(
        AgentOutboxStore outbox,
        AgentEngine engine,
        [FromKeyedServices(LeaseName)] IIngestLease lease,
        PostgresSignals signals,
        IServiceScopeFactory scopes,
        TimeProvider time,
        IMeterFactory meters,
        ILogger<AgentRelay> logger)
    {
        (_outbox, _engine, _lease, _signals, _scopes, _time, _logger) = (outbox, engine, lease, signals, scopes, time, logger);
        var meter = meters.Create(MeterName);
        _told = meter.CreateCounter<long>("dashboard.agents.told", "{notice}", "Notices that were delivered to the agent engine, by kind");
        _failures = meter.CreateCounter<long>("dashboard.agents.failures", "{attempt}", "Attempts to deliver notices that failed");
        _signals.Heard += OnHeard;
    }

    public override void Dispose()
    {
        _signals.Heard -= OnHeard;
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await using var held = await _lease.AcquireAsync(stoppingToken);
            using var running = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, held.Lost);
            try
            {
                await RelayAsync(running.Token);
            }
            catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
            {
                LogLost();
            }
        }
    }

    private async Task RelayAsync(CancellationToken cancellationToken)
    {
        for (var failures = 0; ;)
        {
            try
            {
                if (await RelayOnceAsync(cancellationToken) == 0)
                {
                    await WaitAsync(cancellationToken);
                }

                failures = 0;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                _failures.Add(1);
                if (failures == 0)
                {
                    LogAway(e.GetType().Name);
                }

                await Task.Delay(Backoff.Delay(failures++, FirstRetry, LongestRetry), _time, cancellationToken);
            }
        }
    }

    private async Task<int> RelayOnceAsync(CancellationToken cancellationToken)
    {
        var rows = await _outbox.TakeAsync(MaxRows, cancellationToken);
        var told = new List<long>(rows.Count);
        try
        {
            foreach (var (id, notice) in rows)
            {
                await TellAsync(notice, cancellationToken);
                told.Add(id);
            }
        }
        finally
        {
            if (told.Count > 0)
            {
                await _outbox.DeleteAsync(told, cancellationToken);
            }
        }

        return rows.Count;
    }

    private async Task TellAsync(AgentNotice notice, CancellationToken cancellationToken)
    {
        switch (notice.Kind)
        {
            case AgentNoticeKind.Work:
                await _engine.QueueAsync(notice.TaskId, notice.Payload, cancellationToken);
                break;

            case AgentNoticeKind.Stop when await _engine.StopAsync(notice.TaskId, notice.Payload, cancellationToken):
                // Nobody had begun with it, and nobody will.
                await using (var scope = _scopes.CreateAsyncScope())
                {
                    await scope.ServiceProvider.GetRequiredService<IMediator>().Send(new ConfirmStopCommand(notice.TaskId), cancellationToken);
                }

                break;

            case AgentNoticeKind.Input:
                await _engine.ControlAsync(notice.TaskId, notice.Payload, cancellationToken);
                break;
        }

        _told.Add(1, new KeyValuePair<string, object?>("kind", AgentOutboxStore.NameOf(notice.Kind)));
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _wake.Reader.ReadAsync(cancellationToken).AsTask().WaitAsync(LookAgain, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Time to look.
        }
    }

    private void OnHeard(string signal, string about)
    {
        if (signal == PostgresSignals.Agents)
        {
            _wake.Writer.TryWrite(true);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The agent engine cannot be told: {Error}; trying again until it works")]
    private partial void LogAway(string error);

    [LoggerMessage(LogLevel.Warning, "Another process may tell the agent engine now; waiting to take over")]
    private partial void LogLost();
}
