using System.Diagnostics.Metrics;
using System.Threading.Channels;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Infrastructure.Persistence;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Infrastructure.Redis.Agents;

/// <summary>
/// Tells the agent engine what the agent outbox holds: in order, at least once, by one process at a time. While Redis or PostgreSQL is away it waits; what was not
/// told stays in the outbox.
/// </summary>
internal sealed class AgentRelay : LeasedWork
{
    public const string LeaseName = "agents";
    public const string MeterName = "GrooteDashboard.Agents";

    private const int MaxRows = 100;

    /// <summary>Signals are heard or known to have been missed; this is for what nobody has thought of.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    private readonly AgentOutboxStore _outbox;
    private readonly AgentEngine _engine;
    private readonly PostgresSignals _signals;
    private readonly IServiceScopeFactory _scopes;
    private readonly Counter<long> _told;
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
        : base(
            lease,
            new LeasedWorkText("telling", "tell the agent engine", "The agent engine cannot be told"),
            (TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2)),
            meters.Create(MeterName).CreateCounter<long>("dashboard.agents.failures", "{attempt}", "Attempts to deliver notices that failed"),
            time,
            logger)
    {
        (_outbox, _engine, _signals, _scopes) = (outbox, engine, signals, scopes);
        _told = meters.Create(MeterName).CreateCounter<long>("dashboard.agents.told", "{notice}", "Notices that were delivered to the agent engine, by kind");
        _signals.Heard += OnHeard;
        _signals.Listening += Wake;
    }

    public override void Dispose()
    {
        _signals.Heard -= OnHeard;
        _signals.Listening -= Wake;
        base.Dispose();
    }

    protected override async Task<bool> WorkAsync(CancellationToken cancellationToken)
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

        return rows.Count > 0;
    }

    protected override async Task RestAsync(bool more, TimeSpan worked, CancellationToken cancellationToken)
    {
        if (more)
        {
            return;
        }

        try
        {
            await _wake.Reader.ReadAsync(cancellationToken).AsTask().WaitAsync(LookAgain, Time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Time to look.
        }
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

    private void OnHeard(string signal, string about)
    {
        if (signal == PostgresSignals.Agents)
        {
            Wake();
        }
    }

    private void Wake() => _wake.Writer.TryWrite(true);
}
