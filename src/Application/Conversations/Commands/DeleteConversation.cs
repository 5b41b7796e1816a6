using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations.Ports;
using MediatR;

namespace GrooteDashboard.Application.Conversations.Commands;

/// <summary>Deletes a conversation with its messages; its tasks stay. False where there is none of this id.</summary>
public sealed record DeleteConversationCommand(string ConversationId) : ICommand<bool>;

internal sealed class DeleteConversationHandler(IConversationRepository conversations) : IRequestHandler<DeleteConversationCommand, bool>
{
    public async Task<bool> Handle(DeleteConversationCommand command, CancellationToken cancellationToken)
    {
        if (await conversations.FindForUpdateAsync(command.ConversationId, cancellationToken) is not { } conversation)
        {
            return false;
        }

        conversations.Remove(conversation);
        return true;
    }
}
