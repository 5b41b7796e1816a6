using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace GrooteDashboard.Api.Hosting;

/// <summary>OpenAPI at <c>/openapi.json</c>, Swagger UI at <c>/docs</c>.</summary>
internal static class ApiDescription
{
    private const string Document = "v1";
    private const string DocumentPath = "/openapi.json";
    private const string UserInterface = "docs";

    public static IServiceCollection AddApiDescription(this IServiceCollection services) => services.AddOpenApi(Document, options =>
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "GrooteDashboard",
                Version = "1",
                Description = "Watch and steer AI agents. Every address is also served below /api/v1. Errors are problem details (RFC 9457).",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            operation.OperationId ??= context.Description.ActionDescriptor.EndpointMetadata.OfType<System.Reflection.MethodInfo>().FirstOrDefault()?.Name;
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            if (ApiExamples.ByType.TryGetValue(context.JsonTypeInfo.Type, out var example))
            {
                schema.Examples = [JsonNode.Parse(example)!];
            }

            ApiBounds.Describe(schema, context);

            return Task.CompletedTask;
        });
    });

    /// <summary>Only there: elsewhere it would compare the path of every request with its own.</summary>
    public static void UseApiDescription(this WebApplication app) => app.UseWhen(
        context => context.Request.Path.StartsWithSegments("/" + UserInterface),
        docs => docs.UseSwaggerUI(options =>
        {
            options.RoutePrefix = UserInterface;
            options.SwaggerEndpoint(DocumentPath, "GrooteDashboard");
        }));

    public static void MapApiDescription(this WebApplication app) => app.MapOpenApi(DocumentPath).AllowAnonymous();
}
