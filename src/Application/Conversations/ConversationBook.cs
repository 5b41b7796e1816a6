using GrooteDashboard.Application.Conversations.Ports;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Conversations;

/// <summary>Keeps the totals of conversations: whoever changes a task enters what its run comes to, in the same transaction.</summary>
internal sealed class ConversationBook(IConversationRepository conversations)
{
    /// <param name="task">The task after the change.</param>
    /// <param name="before">What its run had come to before it.</param>
    /// <param name="cancellationToken">Ends the wait for somebody else's change of the same conversation.</param>
    public async Task EnterAsync(AgentTask task, RunTotals before, CancellationToken cancellationToken)
    {
        if (task.ConversationId is { } id && task.Totals != before
            && await conversations.FindForUpdateAsync(id, cancellationToken) is { } conversation)
        {
            conversation.Book(before, task.Totals);
        }
    }
}
