namespace GrooteDashboard.Domain.Conversations;

/// <summary>One message of a conversation. It does not change; <see cref="Conversation.Say"/> makes it.</summary>
public sealed class Message
{
    public const int MaxContentLength = 1_000_000;
    public const int MaxMetadataLength = 100_000;

    private Message()
    {
    }

    public string MessageId { get; private set; } = "";

    public string ConversationId { get; private set; } = "";

    /// <summary>Place in the conversation, from 1; it is not given again when the conversation is cleared.</summary>
    public long Number { get; private set; }

    public MessageRole Role { get; private set; }

    public string Content { get; private set; } = "";

    /// <summary>The task that the message started, or that it answers.</summary>
    public string? TaskId { get; private set; }

    public DateTimeOffset CreatedAt { get; private set; }

    /// <summary>JSON object.</summary>
    public string Metadata { get; private set; } = Conversation.NoMetadata;

    internal static Message Create(
        string messageId, string conversationId, long number, MessageRole role, string content, string? taskId, string metadata, DateTimeOffset now) => new()
        {
            MessageId = messageId,
            ConversationId = conversationId,
            Number = number,
            Role = role,
            Content = content,
            TaskId = taskId,
            Metadata = metadata,
            CreatedAt = now,
        };
}
