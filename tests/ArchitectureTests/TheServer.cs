using GrooteDashboard.Api.Hosting;
using Microsoft.AspNetCore.Builder;

namespace GrooteDashboard.ArchitectureTests;

/// <summary>The real composition root, built but not started: nothing connects to the PostgreSQL and the Redis that it names.</summary>
internal static class TheServer
{
    public static WebApplicationBuilder Configure(bool withRedis = false)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
            EnvironmentName = "Testing",
            Args =
            [
                "--ConnectionStrings:Postgres=Host=127.0.0.1;Port=1;Database=none;Username=none",
                $"--ConnectionStrings:Redis={(withRedis ? "redis://127.0.0.1:1" : "")}",
                // The environment's servers are for others.
                "--REDIS_URL=",
                "--DATABASE_URL=",
            ],
        });
        return builder.ConfigureDashboard();
    }

    public static WebApplication Build(bool withRedis = false) => Configure(withRedis).Build().UseDashboard();
}
