using GrooteDashboard.Application.Tasks.Ports;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace GrooteDashboard.Infrastructure.Files;

internal static class FilesRegistration
{
    /// <summary>Where the existing task logger writes unless it is told otherwise.</summary>
    private const string DefaultTaskLogs = "/data/logs/tasks";

    /// <summary><c>TASK_LOGS_DIR</c>: the folder of a task logger. It may be missing.</summary>
    public static IServiceCollection AddTaskRecordFiles(this IServiceCollection services, IConfiguration configuration)
    {
        var folder = configuration["TASK_LOGS_DIR"] is { Length: > 0 } named ? named : DefaultTaskLogs;
        return services.AddSingleton<ITaskRecordFiles>(new TaskRecordFiles(Path.GetFullPath(folder)));
    }
}
