using System.Reflection;

namespace GrooteDashboard.ArchitectureTests;

/// <summary>The assemblies of the layers.</summary>
internal static class Layers
{
    public static readonly Assembly Domain = typeof(GrooteDashboard.Domain.Common.Entity).Assembly;
    public static readonly Assembly Application = typeof(GrooteDashboard.Application.DependencyInjection).Assembly;
    public static readonly Assembly Infrastructure = typeof(GrooteDashboard.Infrastructure.DependencyInjection).Assembly;
    public static readonly Assembly Api = typeof(GrooteDashboard.Api.Hosting.OriginOptions).Assembly;

    public static readonly IReadOnlyList<Assembly> All = [Domain, Application, Infrastructure, Api];

    /// <summary>The names of the features: the same in every layer.</summary>
    public static readonly IReadOnlySet<string> Features = new HashSet<string>
    {
        "Tasks", "Conversations", "Analytics", "Budgets", "Webhooks", "Sources", "Integrations", "Realtime", "Flows", "Fleet", "Identity", "System",
    };
}
