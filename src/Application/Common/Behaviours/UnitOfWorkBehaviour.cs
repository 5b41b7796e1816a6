using GrooteDashboard.Application.Realtime.Log;
using MediatR;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Application.Common.Behaviours;

/// <summary>
/// Commits a command's unit of work once its handler has returned, runs it again where somebody else was faster,
/// and hands what happened to the log.
/// </summary>
internal sealed partial class UnitOfWorkBehaviour<TRequest, TResponse>(
    IUnitOfWork unitOfWork, ITaskLog log, ILogger<UnitOfWorkBehaviour<TRequest, TResponse>> logger) : IPipelineBehavior<TRequest, TResponse>
    where TRequest : ICommand<TResponse>
{
    private const int MaxAttempts = 8;

    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var response = await next();
                var appends = await unitOfWork.CommitAsync(cancellationToken);
                if (appends.Count > 0)
                {
                    // What cannot be appended now stays in the outbox and is appended by its relay.
                    await log.AppendAsync(appends, cancellationToken);
                }

                return response;
            }
            catch (ConcurrencyException) when (attempt < MaxAttempts)
            {
                LogRetry(typeof(TRequest).Name, attempt);
                unitOfWork.Reset();
            }
        }
    }

    [LoggerMessage(LogLevel.Debug, "{Request} met a concurrent change, attempt {Attempt}")]
    private partial void LogRetry(string request, int attempt);
}
