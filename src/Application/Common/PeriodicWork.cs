using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Application.Common;

/// <summary>Something small that is done again and again, on every instance. It outlives what it needs, and says once that it cannot be done.</summary>
/// <param name="failure">The sentence that says so, without its end.</param>
/// <param name="interval">From one time to the next.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Is told.</param>
internal abstract partial class PeriodicWork(string failure, TimeSpan interval, TimeProvider time, ILogger logger) : BackgroundService
{
    /// <summary>For one time.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    protected TimeProvider Time { get; } = time;

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, Time);
        var failing = false;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                deadline.CancelAfter(Patience);
                await WorkAsync(deadline.Token);
                failing = false;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                if (!failing)
                {
                    LogFailed(failure, e.GetType().Name);
                }

                failing = true;
            }
        }
    }

    protected abstract Task WorkAsync(CancellationToken cancellationToken);

    [LoggerMessage(LogLevel.Warning, "{Failure}: {Error}; trying again and again")]
    private partial void LogFailed(string failure, string error);
}
