using System.Globalization;
using System.Reflection;
using GrooteDashboard.Api.Auth;
using GrooteDashboard.Api.Hosting;
using GrooteDashboard.Application.System.Ports;
using GrooteDashboard.Application.System.Queries;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>How the service is.</summary>
internal static class SystemEndpoints
{
    private static readonly string Version = Assembly.GetExecutingAssembly().GetName().Version?.ToString(3) ?? "";

    public static void MapSystemEndpoints(this IEndpointRouteBuilder app)
    {
        var health = app.MapGroup("/api/health").WithTags("System").AllowAnonymous();
        health.MapGet("/", Health).WithSummary("How the service is: always 200, degradation in the fields");
        health.MapGet("/ready", Ready).WithSummary("Whether the service can do its job: 200 or 503");
        health.MapGet("/live", Live).WithSummary("Whether the process answers");

        app.MapGet("/api/status", Status).WithTags("System").RequireAuthorization(Policies.Viewer)
            .WithSummary("Queue length and connections, in the documented shape");
        app.MapGet("/api/system/figures", Figures).WithTags("System").RequireAuthorization(Policies.Viewer)
            .WithSummary("What this process does: values of now, counts since its start, delays");
    }

    private static async Task<Ok<Dictionary<string, object>>> Health(IMediator mediator, CancellationToken cancellationToken)
    {
        var health = await mediator.Send(new GetHealthQuery(), cancellationToken);
        var answer = new Dictionary<string, object>
        {
            // Existing clients show an error page for anything but "healthy" and numbers.
            ["status"] = StatusOf(health),
            ["service"] = Telemetry.ServiceName,
            ["version"] = Version,
            ["queue_length"] = health.QueueLength,
            ["sessions"] = health.Connections,
            ["connections"] = health.Connections,
            ["subscriptions"] = health.Subscriptions,
        };
        foreach (var (name, component) in Describe(health.Components))
        {
            answer[name] = component;
        }

        return TypedResults.Ok(answer);
    }

    private static async Task<Ok<SystemFigures>> Figures(
        IMediator mediator, Telemetry telemetry, TimeProvider time, HttpResponse response, CancellationToken cancellationToken)
    {
        var health = await mediator.Send(new GetHealthQuery(), cancellationToken);
        response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(SystemFigures.From(
            telemetry.Collect(), health, telemetry, Version, StatusOf(health), Describe(health.Components), time.GetUtcNow()));
    }

    private static async Task<JsonHttpResult<Readiness>> Ready(IMediator mediator, HttpContext context, CancellationToken cancellationToken)
    {
        var health = await mediator.Send(new GetHealthQuery(), cancellationToken);
        if (!health.Ready)
        {
            context.Response.Headers.RetryAfter = 1.ToString(CultureInfo.InvariantCulture);
        }

        return TypedResults.Json(
            new Readiness(health.Ready, health.Components.ToDictionary(component => component.Key, component => component.Value.Status)),
            statusCode: health.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private static Ok<Liveness> Live() => TypedResults.Ok(new Liveness("alive"));

    private static async Task<Ok<ServiceStatus>> Status(IMediator mediator, CancellationToken cancellationToken)
    {
        var health = await mediator.Send(new GetHealthQuery(), cancellationToken);
        return TypedResults.Ok(new ServiceStatus(
            Environment.MachineName, health.Ready ? "online" : "degraded", health.QueueLength, health.Connections, health.Connections));
    }

    private static string StatusOf(ServiceHealth health) => health.Ready ? "healthy" : "degraded";

    private static Dictionary<string, IReadOnlyDictionary<string, object>> Describe(IReadOnlyDictionary<string, ComponentHealth> components) =>
        components.ToDictionary(component => component.Key, component =>
        {
            var fields = component.Value.Figures.ToDictionary(figure => figure.Key, figure => (object)figure.Value);
            fields["status"] = component.Value.Status;
            fields["since"] = component.Value.Since;
            return (IReadOnlyDictionary<string, object>)fields;
        });

    internal sealed record Readiness(bool Ready, Dictionary<string, string> Checks);

    internal sealed record Liveness(string Status);

    internal sealed record ServiceStatus(string MachineId, string Status, long QueueLength, int Sessions, int Connections);
}
