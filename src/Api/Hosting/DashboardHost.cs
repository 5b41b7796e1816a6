using GrooteDashboard.Api.Auth;
using GrooteDashboard.Api.Endpoints;
using GrooteDashboard.Api.Errors;
using GrooteDashboard.Api.Json;
using GrooteDashboard.Api.Realtime;
using GrooteDashboard.Application;
using GrooteDashboard.Infrastructure;

namespace GrooteDashboard.Api.Hosting;

/// <summary>The composition root: what the server consists of, and the way of a request through it.</summary>
internal static class DashboardHost
{
    /// <summary>A body larger than any route takes; pipes lift it for themselves.</summary>
    private const long MaxRequestBodyBytes = 20L * 1024 * 1024;

    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(15);

    public static WebApplicationBuilder ConfigureDashboard(this WebApplicationBuilder builder)
    {
        builder.Host.UseDefaultServiceProvider(options => (options.ValidateOnBuild, options.ValidateScopes) = (true, true));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxRequestBodyBytes;
        });
        // What has been read goes on where it was read, without another thread being woken for it (docs/adr/0015-inline-scheduling.md).
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        builder.AddLogging();

        var services = builder.Services;
        services.AddSingleton<TimeProvider, AlignedTime>();
        services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.Configure<OriginOptions>(options => options.Allowed = OriginOptions.Parse(builder.Configuration["CORS_ORIGINS"]));
        services.AddOptions<CompatibilityOptions>().BindConfiguration(CompatibilityOptions.Section).ValidateOnStart();
        services.AddSingleton<Telemetry>().AddHostedService(provider => provider.GetRequiredService<Telemetry>());
        services.AddProblemDetails(options => options.CustomizeProblemDetails = context =>
        {
            context.ProblemDetails.Detail ??= context.ProblemDetails.Title;
            // One id is enough to find a request in the log.
            context.ProblemDetails.Extensions.Remove("traceId");
            context.ProblemDetails.Extensions.Remove("trace_id");
            context.ProblemDetails.Extensions["request_id"] = context.HttpContext.TraceIdentifier;
        });
        services.AddExceptionHandler<ProblemDetailsExceptionHandler>();
        services.AddJson();
        services.AddAuth();
        services.AddApiDescription();
        services.AddRealtimeEdge(builder.Configuration);
        services.AddDashboardApplication();
        services.AddDashboardInfrastructure(builder.Configuration);
        return builder;
    }

    public static WebApplication UseDashboard(this WebApplication app)
    {
        app.UseMiddleware<RequestLog>();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseMiddleware<OriginGuard>();
        app.UseVersionPrefix();
        app.UseApiDescription();
        app.UseRouting();
        app.UsePage();
        app.UseAuthentication();
        app.UseAuthorization();

        app.MapSystemEndpoints();
        app.MapMetricsEndpoints();
        app.MapTaskEndpoints();
        app.MapTaskRecordEndpoints();
        app.MapTaskSearchEndpoints();
        app.MapTaskExportEndpoints();
        app.MapConversationEndpoints();
        app.MapAnalyticsEndpoints();
        app.MapBudgetEndpoints();
        app.MapRealtimeEndpoints();
        app.MapApiDescription();
        return app;
    }

    /// <summary>One JSON object per line in production, a readable line elsewhere; both with the scopes that hold the ids.</summary>
    private static void AddLogging(this WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        if (builder.Environment.IsProduction())
        {
            builder.Logging.AddJsonConsole(options =>
            {
                options.IncludeScopes = true;
                options.UseUtcTimestamp = true;
                options.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            });
        }
        else
        {
            builder.Logging.AddSimpleConsole(options =>
            {
                options.SingleLine = true;
                options.TimestampFormat = "HH:mm:ss.fff ";
            });
        }
    }

    /// <summary><c>/api/v1/…</c> are the same routes as <c>/api/…</c>.</summary>
    private static void UseVersionPrefix(this WebApplication app) => app.Use((context, next) =>
    {
        if (context.Request.Path.StartsWithSegments("/api/v1", out var rest))
        {
            context.Request.Path = "/api" + rest;
        }

        return next(context);
    });
}
