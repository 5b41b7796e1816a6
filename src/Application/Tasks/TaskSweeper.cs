using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Commands;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Application.Tasks;

/// <summary>Lets time pass for tasks: once a second it settles what is due.</summary>
internal sealed class TaskSweeper(IServiceScopeFactory scopes, TimeProvider time, ILogger<TaskSweeper> logger)
    : PeriodicWork("Tasks cannot be settled", TimeSpan.FromSeconds(1), time, logger)
{
    protected override async Task WorkAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IMediator>().Send(new SettleTasksCommand(), cancellationToken);
    }
}
