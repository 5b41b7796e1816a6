using GrooteDashboard.Domain.Conversations;

namespace GrooteDashboard.Application.Conversations.Ports;

/// <summary>The conversations, one aggregate at a time. What is added or changed is written when the unit of work commits.</summary>
public interface IConversationRepository
{
    /// <summary>
    /// Null where there is none. From now on until the unit of work ends, whoever else wants to change the same conversation waits: its messages
    /// get their numbers one after another, and no total is lost.
    /// </summary>
    Task<Conversation?> FindForUpdateAsync(string conversationId, CancellationToken cancellationToken);

    /// <summary>Null where there is none of this id, in any conversation.</summary>
    Task<Message?> FindMessageAsync(string messageId, CancellationToken cancellationToken);

    void Add(Conversation conversation);

    void Add(Message message);

    /// <summary>Its messages are deleted with the unit of work, and so is what was said on its channel.</summary>
    Task DeleteMessagesAsync(string conversationId, CancellationToken cancellationToken);

    /// <summary>The conversation is deleted with the unit of work, with its messages.</summary>
    void Remove(Conversation conversation);
}
