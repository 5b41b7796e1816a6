using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Ports;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.Infrastructure.Redis;

/// <summary>Runs both ways in from Redis, in the one process that holds the lease.</summary>
internal sealed partial class ProducerIngest(
    RedisConnection connection,
    IIngestLease lease,
    RedisChannelBridge channels,
    TaskEventStreamReader stream,
    IOptions<RedisOptions> options,
    TimeProvider time,
    ILogger<ProducerIngest> logger) : BackgroundService
{
    private IngestState _state = new(IngestStatus.Stopped, time.GetUtcNow());

    public IngestState State => Volatile.Read(ref _state);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The state of Redis is wanted also where another process ingests.
        connection.Connect();
        try
        {
            for (var failures = 0; ;)
            {
                try
                {
                    Enter(IngestStatus.Waiting);
                    await using var held = await lease.AcquireAsync(stoppingToken);
                    failures = 0;
                    Enter(IngestStatus.Running);
                    await RunAsync(stoppingToken, held.Lost);
                    LogLost();
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    LogFailed(e);
                    await Task.Delay(Backoff.Delay(failures++, options.Value.RetryDelay, options.Value.MaxRetryDelay), time, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping, as asked.
        }
        finally
        {
            Enter(IngestStatus.Stopped);
        }
    }

    private async Task RunAsync(CancellationToken stopping, CancellationToken lost)
    {
        using var running = CancellationTokenSource.CreateLinkedTokenSource(stopping, lost);
        Task[] loops =
        [
            Task.Run(() => channels.RunAsync(running.Token), CancellationToken.None),
            Task.Run(() => stream.RunAsync(running.Token), CancellationToken.None),
        ];
        // They end together: both are cancelled, or one failed and both start anew.
        await Task.WhenAny(loops);
        await running.CancelAsync();
        try
        {
            await Task.WhenAll(loops);
        }
        catch (OperationCanceledException) when (lost.IsCancellationRequested && !stopping.IsCancellationRequested)
        {
            // Another process takes over, or this one again.
        }
    }

    private void Enter(IngestStatus status) => Volatile.Write(ref _state, new IngestState(status, time.GetUtcNow()));

    [LoggerMessage(LogLevel.Warning, "The lease to ingest was lost; waiting for it")]
    private partial void LogLost();

    [LoggerMessage(LogLevel.Error, "The ingest failed and starts anew")]
    private partial void LogFailed(Exception exception);
}

internal enum IngestStatus
{
    /// <summary>Not started, or stopped with the service.</summary>
    Stopped,

    /// <summary>Another process ingests.</summary>
    Waiting,

    Running,
}

internal sealed record IngestState(IngestStatus Status, DateTimeOffset Since);
