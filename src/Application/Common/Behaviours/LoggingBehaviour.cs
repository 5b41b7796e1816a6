using MediatR;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Application.Common.Behaviours;

/// <summary>Says which use case ran and for how long. Never what it was given: payloads hold secrets.</summary>
internal sealed partial class LoggingBehaviour<TRequest, TResponse>(
    TimeProvider time, ILogger<LoggingBehaviour<TRequest, TResponse>> logger) : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IRequest<TResponse>
{
    public Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next) =>
        logger.IsEnabled(LogLevel.Debug) ? LogAsync(next) : next();

    private async Task<TResponse> LogAsync(RequestHandlerDelegate<TResponse> next)
    {
        var started = time.GetTimestamp();
        var response = await next();
        LogHandled(typeof(TRequest).Name, time.GetElapsedTime(started).TotalMilliseconds);
        return response;
    }

    [LoggerMessage(LogLevel.Debug, "Handled {Request} in {ElapsedMs:0.0} ms")]
    private partial void LogHandled(string request, double elapsedMs);
}
