using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.System.Ports;
using GrooteDashboard.Application.Tasks.Ports;
using Microsoft.Extensions.DependencyInjection;

namespace GrooteDashboard.Infrastructure.Persistence.Search;

internal static class SearchRegistration
{
    public static IServiceCollection AddSearch(this IServiceCollection services)
    {
        services.AddKeyedSingleton<IIngestLease>(SearchIndexer.LeaseName, (provider, _) =>
            ActivatorUtilities.CreateInstance<PostgresLease>(provider, PostgresLease.SearchKey, "make the log searchable"));
        services.AddSingleton<PassageStore>();
        services.AddSingleton<PairStore>();
        services.AddSingleton<SearchIndexer>();
        services.AddHostedService(provider => provider.GetRequiredService<SearchIndexer>());
        services.AddSingleton<IComponentHealth>(provider => provider.GetRequiredService<SearchIndexer>());
        services.AddScoped<ITaskSearch, TaskSearch>();
        return services;
    }
}
