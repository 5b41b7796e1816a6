using GrooteDashboard.Application;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Application.Budgets.Ports;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations.Ports;
using GrooteDashboard.Application.Identity.Ports;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.System.Ports;
using GrooteDashboard.Application.Tasks.Ports;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.UnitTests.Embedding;

/// <summary>The Application layer in a host of its own, with nothing around it but memory.</summary>
internal sealed class EmbeddedDashboard : IAsyncDisposable
{
    private readonly IHost _host;

    private EmbeddedDashboard(IHost host) => _host = host;

    public ManualTime Time => Get<ManualTime>();

    public InMemoryDatabase Database => Get<InMemoryDatabase>();

    public InMemoryTaskLogStore Store => Get<InMemoryTaskLogStore>();

    public RecordingPublisher Publisher => Get<RecordingPublisher>();

    public InMemoryBudgets Budgets => Get<InMemoryBudgets>();

    public QuietSurroundings Surroundings => Get<QuietSurroundings>();

    public static async Task<EmbeddedDashboard> StartAsync(InMemoryDatabase? database = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.ConfigureContainer(new DefaultServiceProviderFactory(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true }));
        builder.Logging.ClearProviders();
        var services = builder.Services;
        services.AddSingleton<ManualTime>();
        services.AddSingleton<TimeProvider>(provider => provider.GetRequiredService<ManualTime>());
        services.AddSingleton(database ?? new InMemoryDatabase());
        services.AddSingleton<InMemoryTaskLogStore>();
        services.AddSingleton<ITaskLogStore>(provider => provider.GetRequiredService<InMemoryTaskLogStore>());
        services.AddSingleton<RecordingPublisher>();
        services.AddSingleton<IRealtimePublisher>(provider => provider.GetRequiredService<RecordingPublisher>());
        services.AddSingleton<InMemoryReaders>();
        services.AddSingleton<ITaskReader>(provider => provider.GetRequiredService<InMemoryReaders>());
        services.AddSingleton<IAgentReader>(provider => provider.GetRequiredService<InMemoryReaders>());
        services.AddSingleton<ITaskTotals>(provider => provider.GetRequiredService<InMemoryReaders>());
        services.AddSingleton<ITaskOutputReader>(provider => provider.GetRequiredService<InMemoryReaders>());
        services.AddSingleton<ITaskLogReader>(provider => provider.GetRequiredService<InMemoryReaders>());
        services.AddScoped<InMemoryUnitOfWork>();
        services.AddScoped<IUnitOfWork>(provider => provider.GetRequiredService<InMemoryUnitOfWork>());
        services.AddScoped<IAgentTaskRepository>(provider => provider.GetRequiredService<InMemoryUnitOfWork>());
        services.AddScoped<ISessionRepository>(provider => provider.GetRequiredService<InMemoryUnitOfWork>());
        services.AddScoped<IConversationRepository>(provider => provider.GetRequiredService<InMemoryUnitOfWork>());
        services.AddScoped<IAgentOutbox>(provider => provider.GetRequiredService<InMemoryUnitOfWork>());
        services.AddSingleton<IConversationReader, InMemoryConversations>();
        services.AddSingleton<ITaskSearch, InMemoryTaskSearch>();
        services.AddSingleton<ITaskExportReader, InMemoryTaskExport>();
        services.AddSingleton<NoAnalytics>();
        services.AddSingleton<IAnalyticsReader>(provider => provider.GetRequiredService<NoAnalytics>());
        services.AddSingleton<ISessionAnalyticsReader>(provider => provider.GetRequiredService<NoAnalytics>());
        services.AddSingleton<IConversationCostReader>(provider => provider.GetRequiredService<NoAnalytics>());
        services.AddSingleton<InMemoryBudgets>();
        services.AddSingleton<IBudgetReader>(provider => provider.GetRequiredService<InMemoryBudgets>());
        services.AddSingleton<IBudgetRepository>(provider => provider.GetRequiredService<InMemoryBudgets>());
        services.AddSingleton<QuietSurroundings>();
        services.AddSingleton<IAgentQueue>(provider => provider.GetRequiredService<QuietSurroundings>());
        services.AddSingleton<ISourceProgress>(provider => provider.GetRequiredService<QuietSurroundings>());
        services.AddSingleton<IRealtimeStatistics>(provider => provider.GetRequiredService<QuietSurroundings>());
        services.AddSingleton<IComponentHealth>(provider => provider.GetRequiredService<QuietSurroundings>());
        services.AddDashboardApplication();
        var host = builder.Build();
        await host.StartAsync().InTime();
        return new EmbeddedDashboard(host);
    }

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    /// <summary>Runs a use case as a request does: in a scope of its own.</summary>
    public async Task<T> SendAsync<T>(IRequest<T> request, CancellationToken cancellationToken = default)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request, cancellationToken).InTime();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync().InTime();
        _host.Dispose();
    }
}
