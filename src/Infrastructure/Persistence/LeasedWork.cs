using System.Diagnostics.Metrics;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Ports;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>
/// Work that one process at a time does, again and again, as long as it holds the lease. While what it needs is away it tries again, less and less often,
/// and says so once.
/// </summary>
internal abstract partial class LeasedWork : BackgroundService
{
    private readonly IIngestLease _lease;
    private readonly LeasedWorkText _text;
    private readonly (TimeSpan First, TimeSpan Longest) _retry;
    private readonly Counter<long> _failures;
    private readonly ILogger _logger;
    private volatile WorkState _state;

    /// <param name="lease">The right to do it.</param>
    /// <param name="text">What it is called.</param>
    /// <param name="retry">Pauses between attempts that fail.</param>
    /// <param name="failures">Counts those.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Is told.</param>
    protected LeasedWork(
        IIngestLease lease, LeasedWorkText text, (TimeSpan First, TimeSpan Longest) retry, Counter<long> failures, TimeProvider time, ILogger logger)
    {
        (_lease, _text, _retry, _failures, Time, _logger) = (lease, text, retry, failures, time, logger);
        _state = new WorkState("waiting", time.GetUtcNow());
    }

    protected TimeProvider Time { get; }

    /// <summary>waiting (another process holds the lease), failing, or the word for the work itself; and since when.</summary>
    protected WorkState State => _state;

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await using var held = await _lease.AcquireAsync(stoppingToken);
            using var running = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, held.Lost);
            try
            {
                Become(_text.Status);
                await RepeatAsync(running.Token);
            }
            catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
            {
                LogLost(_text.Work);
            }

            Forget();
            Become("waiting");
        }
    }

    /// <summary>Does a piece of it. Throws where that cannot be done now.</summary>
    /// <returns>Whether there may be more at once.</returns>
    protected abstract Task<bool> WorkAsync(CancellationToken cancellationToken);

    /// <summary>Waits until it is time for the next piece.</summary>
    /// <param name="more">Whether there may be more at once.</param>
    /// <param name="worked">How long the last piece took.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    protected abstract Task RestAsync(bool more, TimeSpan worked, CancellationToken cancellationToken);

    /// <summary>Another process may do it from now on: what was known of it is not true any more.</summary>
    protected virtual void Forget()
    {
    }

    private async Task RepeatAsync(CancellationToken cancellationToken)
    {
        for (var failures = 0; ;)
        {
            try
            {
                var started = Time.GetTimestamp();
                var more = await WorkAsync(cancellationToken);
                failures = 0;
                Become(_text.Status);
                await RestAsync(more, Time.GetElapsedTime(started), cancellationToken);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                _failures.Add(1);
                if (failures == 0)
                {
                    Become("failing");
                    LogAway(_text.Failure, e.GetType().Name, e.Message);
                }

                await Task.Delay(Backoff.Delay(failures++, _retry.First, _retry.Longest), Time, cancellationToken);
            }
        }
    }

    private void Become(string status)
    {
        if (_state.Status != status)
        {
            _state = new WorkState(status, Time.GetUtcNow());
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Failure}: {Error} {Reason}; trying again until it works")]
    private partial void LogAway(string failure, string error, string reason);

    [LoggerMessage(LogLevel.Warning, "Another process may {Work} now; waiting to take over")]
    private partial void LogLost(string work);
}

/// <param name="Status">The state in which it is done, such as folding.</param>
/// <param name="Work">What is done, such as "fold the rollups".</param>
/// <param name="Failure">That it cannot be done, such as "Rollups cannot be folded".</param>
internal sealed record LeasedWorkText(string Status, string Work, string Failure);

internal sealed record WorkState(string Status, DateTimeOffset Since);
