using GrooteDashboard.Application.Tasks.Commands;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Application.Tasks;

/// <summary>Lets time pass for tasks: once a second it settles what is due.</summary>
internal sealed partial class TaskSweeper(IServiceScopeFactory scopes, TimeProvider time, ILogger<TaskSweeper> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var failing = false;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                await scope.ServiceProvider.GetRequiredService<IMediator>().Send(new SettleTasksCommand(), stoppingToken);
                failing = false;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                if (!failing)
                {
                    LogFailed(e.GetType().Name);
                }

                failing = true;
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Tasks cannot be settled: {Error}; trying again every second")]
    private partial void LogFailed(string error);
}
