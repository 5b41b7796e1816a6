using System.Diagnostics;

namespace GrooteDashboard.Api.Hosting;

/// <summary>One line per request, with the ids that tie it to everything else. No query strings: they may hold secrets.</summary>
internal sealed partial class RequestLog(RequestDelegate next, ILogger<RequestLog> logger)
{
    private static readonly Func<ILogger, string, IDisposable?> Scope = LoggerMessage.DefineScope<string>("request {RequestId}");

    public async Task InvokeAsync(HttpContext context)
    {
        var started = Stopwatch.GetTimestamp();
        context.Response.Headers["X-Request-Id"] = context.TraceIdentifier;
        using (Scope(logger, context.TraceIdentifier))
        {
            try
            {
                await next(context);
            }
            finally
            {
                var status = context.Response.StatusCode;
                var level = context.Request.Path.StartsWithSegments("/api/health") ? LogLevel.Debug
                    : status >= StatusCodes.Status500InternalServerError ? LogLevel.Warning
                    : HttpMethods.IsGet(context.Request.Method) ? LogLevel.Debug
                    : LogLevel.Information;
                if (logger.IsEnabled(level))
                {
                    var (user, task) = (context.User.Identity?.Name, context.GetRouteValue("taskId") as string);
                    var elapsedMs = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
                    LogRequest(level, context.Request.Method, context.Request.Path, status, elapsedMs, context.TraceIdentifier, user, task);
                }
            }
        }
    }

    [LoggerMessage(Message = "{Method} {Path} answered {Status} in {ElapsedMs:0.0} ms (request {RequestId}, user {UserId}, task {TaskId})")]
    private partial void LogRequest(
        LogLevel level, string method, PathString path, int status, double elapsedMs, string requestId, string? userId, string? taskId);
}
