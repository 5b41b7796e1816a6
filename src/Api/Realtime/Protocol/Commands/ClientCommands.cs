using FluentValidation;
using GrooteDashboard.Api.Auth;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations.Commands;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;
using MediatR;

namespace GrooteDashboard.Api.Realtime.Protocol.Commands;

/// <summary>What became of a command.</summary>
/// <param name="Problem">Why it was not done; null where it was.</param>
/// <param name="Sent">What a message has created.</param>
internal readonly record struct CommandOutcome((string Code, string Text)? Problem, SentMessage? Sent = null);

/// <summary>Does what clients ask for, in the same use cases as the REST API, for those who may steer.</summary>
internal sealed partial class ClientCommands(IServiceScopeFactory scopes, TimeProvider time, ILogger<ClientCommands> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async ValueTask<CommandOutcome> ObeyAsync(ClientCommand command, ConnectionAccess access)
    {
        if (!access.Satisfies(Policies.Operator))
        {
            return Refused(ErrorCodes.Forbidden, "You may watch only.");
        }

        try
        {
            // Of its own: the request that the connection came with has ended.
            await using var scope = scopes.CreateAsyncScope();
            using var deadline = new CancellationTokenSource(Patience, time);
            return await ObeyAsync(command, scope.ServiceProvider.GetRequiredService<IMediator>(), deadline.Token);
        }
        catch (ValidationException e)
        {
            return Refused(ErrorCodes.Invalid, string.Join(' ', e.Errors.Select(failure => failure.ErrorMessage).Distinct()));
        }
        catch (DomainRuleException e)
        {
            return Refused(e.Code, e.Message);
        }
        catch (ConcurrencyException)
        {
            return Refused(ErrorCodes.Conflict, "Somebody else changed this meanwhile; try again.");
        }
        catch (Exception e)
        {
            LogFailed(command.GetType().Name, e);
            return Refused(ErrorCodes.Unavailable, "This cannot be done now; try again in a moment.");
        }
    }

    private static async Task<CommandOutcome> ObeyAsync(ClientCommand command, IMediator mediator, CancellationToken cancellationToken)
    {
        switch (command)
        {
            case MessageCommand message:
                var sent = await mediator.Send(
                    new SendMessageCommand(message.Content, message.SessionId, message.ConversationId, MessageId: message.MessageId), cancellationToken);
                return sent is null ? Refused(ErrorCodes.NotFound, "Conversation not found") : new CommandOutcome(null, sent);

            case StopCommand stop:
                return await mediator.Send(new StopTaskCommand(stop.TaskId), cancellationToken) switch
                {
                    { Stopped: true } => new CommandOutcome(null),
                    { } ended => Refused(ErrorCodes.Conflict, $"Cannot stop task in status: {ended.Status.Name()}"),
                    null => TaskNotFound(),
                };

            case InputCommand input:
                return await mediator.Send(new SendInputCommand(input.TaskId, input.Message), cancellationToken) is null ? TaskNotFound() : new CommandOutcome(null);

            default:
                throw new ArgumentOutOfRangeException(nameof(command), command.GetType().Name, null);
        }
    }

    private static CommandOutcome TaskNotFound() => Refused(ErrorCodes.NotFound, "Task not found");

    private static CommandOutcome Refused(string code, string text) => new((code, text));

    [LoggerMessage(LogLevel.Warning, "A client's {Command} failed")]
    private partial void LogFailed(string command, Exception exception);
}
