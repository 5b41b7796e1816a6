using AutoMapper;
using FluentValidation;
using GrooteDashboard.Application.Analytics;
using GrooteDashboard.Application.Budgets;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Common.Behaviours;
using GrooteDashboard.Application.Conversations;
using GrooteDashboard.Application.Identity;
using GrooteDashboard.Application.Identity.Ports;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.System.Ports;
using GrooteDashboard.Application.Tasks;
using GrooteDashboard.Application.Tasks.Ports;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace GrooteDashboard.Application;

public static class DependencyInjection
{
    /// <summary>
    /// Registers the use cases. The host brings the ports: <see cref="IUnitOfWork"/>, the repositories and readers, <see cref="ITaskLogStore"/>
    /// and <see cref="IRealtimePublisher"/>. What is registered here with TryAdd may be replaced.
    /// </summary>
    public static IServiceCollection AddDashboardApplication(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IEventIds, EventIds>();
        services.TryAddSingleton<ITaskRecordFiles, NoTaskRecordFiles>();
        services.AddMetrics();
        services.AddOptions<TaskLogOptions>().BindConfiguration(TaskLogOptions.Section).ValidateDataAnnotations().ValidateOnStart();

        services.AddOptions<AgentOptions>().BindConfiguration(AgentOptions.Section).ValidateDataAnnotations().ValidateOnStart();

        services.AddSingleton<ITicketStore, MemoryTicketStore>();
        services.AddSingleton<TaskLogMetrics>();
        services.AddSingleton<IComponentHealth, TaskLogHealth>();
        services.AddSingleton<TaskLog>();
        services.AddSingleton<ITaskLog>(provider => provider.GetRequiredService<TaskLog>());
        services.AddSingleton<IChannelPositions>(provider => provider.GetRequiredService<TaskLog>());
        services.AddSingleton<IChannelFeed>(provider => provider.GetRequiredService<TaskLog>());
        services.AddSingleton<RecentEpoch>();
        services.AddSingleton<ITaskStatusReader>(provider => provider.GetRequiredService<TaskLog>());
        // First in, last out: the log closes when nobody appends any more.
        services.AddSingleton(provider => (IHostedService)provider.GetRequiredService<ITaskLog>());
        services.AddHostedService<OutboxRelay>();
        services.AddHostedService<TaskSweeper>();
        services.AddHostedService<LiveSummary>();
        services.AddHostedService<LiveTrips>();
        services.AddSingleton<BudgetGate>();

        services.AddScoped<BudgetSpending>();
        services.AddScoped<ConversationBook>();
        services.AddScoped<TaskSteering>();
        services.AddScoped<TaskRecords>();
        services.AddScoped<ServiceFactory>(provider => provider.GetService!);
        services.AddScoped<IMediator, Mediator>();
        services.AddScoped(typeof(IPipelineBehavior<,>), typeof(LoggingBehaviour<,>));
        services.AddScoped(typeof(IPipelineBehavior<,>), typeof(ValidationBehaviour<,>));
        services.AddScoped(typeof(IPipelineBehavior<,>), typeof(UnitOfWorkBehaviour<,>));
        services.Scan(scan => scan.FromAssemblyOf<TaskLogOptions>()
            .AddClasses(classes => classes.AssignableTo(typeof(IRequestHandler<,>)), publicOnly: false).AsImplementedInterfaces().WithScopedLifetime()
            .AddClasses(classes => classes.AssignableTo(typeof(IValidator<>)), publicOnly: false).AsImplementedInterfaces().WithSingletonLifetime());

        services.AddSingleton<IConfigurationProvider>(_ => OutwardMapping.Configure(typeof(DependencyInjection).Assembly));
        services.AddSingleton<IMapper>(provider => new Mapper(provider.GetRequiredService<IConfigurationProvider>()));
        return services;
    }
}
