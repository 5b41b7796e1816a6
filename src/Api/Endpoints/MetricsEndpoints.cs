using GrooteDashboard.Api.Auth;
using GrooteDashboard.Api.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>What the service counts, for Prometheus.</summary>
internal static class MetricsEndpoints
{
    public static void MapMetricsEndpoints(this IEndpointRouteBuilder app) =>
        app.MapGet("/metrics", Scrape).RequireAuthorization(Policies.Viewer).DisableHttpMetrics().ExcludeFromDescription();

    private static ContentHttpResult Scrape(Telemetry telemetry, HttpResponse response)
    {
        response.Headers.CacheControl = "no-store";
        return TypedResults.Text(PrometheusText.Write(telemetry.Collect()), PrometheusText.ContentType);
    }
}
