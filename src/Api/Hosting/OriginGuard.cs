using Microsoft.Extensions.Options;

namespace GrooteDashboard.Api.Hosting;

/// <summary>
/// A foreign page in somebody's browser may not write: requests that change something and name an Origin must come from this server's
/// own page or from an allowed one. Programs send no Origin.
/// </summary>
internal sealed class OriginGuard(RequestDelegate next, IOptions<OriginOptions> options)
{
    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        var reads = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method);
        return reads || options.Value.IsAllowed(request) ? next(context) : Refuse(context);
    }

    private static Task Refuse(HttpContext context) =>
        TypedResults.Problem("This origin may not change anything here.", statusCode: StatusCodes.Status403Forbidden).ExecuteAsync(context);
}
