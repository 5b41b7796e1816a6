using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace GrooteDashboard.ArchitectureTests;

/// <summary>No route can forget who may use it.</summary>
public sealed class EndpointTests
{
    [Test]
    public async Task Every_endpoint_names_a_policy_that_exists_or_lets_everybody_in_explicitly()
    {
        await using var app = TheServer.Build();

        Assert.That(Endpoints(app).Select(endpoint => endpoint.DisplayName), Has.Some.Contains("/api/tasks").And.Some.Contains("/ws"));
        Assert.That(await UnprotectedAsync(app), Is.Empty);
    }

    [Test]
    public async Task Only_these_let_everybody_in()
    {
        await using var app = TheServer.Build();

        Assert.That(
            Endpoints(app).Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null).Select(Route),
            // The WebSocket finds out itself who it is.
            Is.EquivalentTo(new[] { "/api/health/", "/api/health/ready", "/api/health/live", "/openapi.json", "/ws/", "/ws/{client}" }));
    }

    [Test]
    public async Task An_offender_is_found()
    {
        await using var app = TheServer.Build();
        app.MapGet("/forgotten", () => "");
        app.MapGet("/misspelt", () => "").RequireAuthorization("Veiwer");
        app.MapGet("/unnamed", () => "").RequireAuthorization();
        app.MapGet("/open", () => "").AllowAnonymous();

        Assert.That(await UnprotectedAsync(app), Is.EqualTo(new[] { "/forgotten: no policy", "/misspelt: Veiwer does not exist", "/unnamed: no policy" }));
    }

    private static IReadOnlyList<Endpoint> Endpoints(IEndpointRouteBuilder app) => [.. app.DataSources.SelectMany(source => source.Endpoints)];

    private static string Route(Endpoint endpoint) => ((RouteEndpoint)endpoint).RoutePattern.RawText!;

    private static async Task<IReadOnlyList<string>> UnprotectedAsync(WebApplication app)
    {
        var policies = app.Services.GetRequiredService<IAuthorizationPolicyProvider>();
        var found = new List<string>();
        foreach (var endpoint in Endpoints(app).Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null))
        {
            var named = endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(data => data.Policy).OfType<string>().ToList();
            if (named.Count == 0)
            {
                found.Add($"{Route(endpoint)}: no policy");
            }

            foreach (var policy in named)
            {
                if (await policies.GetPolicyAsync(policy) is null)
                {
                    found.Add($"{Route(endpoint)}: {policy} does not exist");
                }
            }
        }

        return found;
    }
}
