using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations.Ports;
using MediatR;

namespace GrooteDashboard.Application.Conversations.Commands;

/// <summary>Deletes the messages of a conversation; the answer is how many there were, null where there is no such conversation.</summary>
public sealed record ClearConversationCommand(string ConversationId) : ICommand<int?>;

internal sealed class ClearConversationHandler(IConversationRepository conversations, TimeProvider time) : IRequestHandler<ClearConversationCommand, int?>
{
    public async Task<int?> Handle(ClearConversationCommand command, CancellationToken cancellationToken)
    {
        if (await conversations.FindForUpdateAsync(command.ConversationId, cancellationToken) is not { } conversation)
        {
            return null;
        }

        await conversations.DeleteMessagesAsync(command.ConversationId, cancellationToken);
        return conversation.Clear(time.GetUtcNow());
    }
}
