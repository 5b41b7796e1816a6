using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Domain.Conversations;

/// <summary>A talk between people and an agent, or the thread at a source that an agent works on; with what its runs cost.</summary>
public sealed class Conversation : Entity
{
    public const int MaxTitleLength = 500;
    public const int MaxMetadataLength = 100_000;
    public const string NoMetadata = "{}";
    public const string DefaultUser = "default-user";

    private const int TitleLengthFromMessage = 50;
    private const int SecondsDecimals = 6;

    private Conversation()
    {
    }

    public string ConversationId { get; private set; } = "";

    public string UserId { get; private set; } = "";

    public string Title { get; private set; } = "";

    /// <summary>The agent that answers; null for <see cref="AgentTask.DefaultAgent"/>.</summary>
    public string? AgentType { get; private set; }

    /// <summary>The thread at the source, such as <c>github:owner/repo#42</c>.</summary>
    public string? FlowId { get; private set; }

    public DateTimeOffset CreatedAt { get; private set; }

    /// <summary>When it was last changed or spoken in.</summary>
    public DateTimeOffset UpdatedAt { get; private set; }

    public bool IsArchived { get; private set; }

    /// <summary>JSON object.</summary>
    public string Metadata { get; private set; } = NoMetadata;

    public int MessageCount { get; private set; }

    /// <summary>Number of the newest message that there ever was.</summary>
    public long LastMessageNumber { get; private set; }

    /// <summary>Over the runs of its tasks, US dollars.</summary>
    public decimal TotalCostUsd { get; private set; }

    /// <summary>Runs that have ended.</summary>
    public int TotalTasks { get; private set; }

    /// <summary>Over the runs of its tasks.</summary>
    public double TotalDurationSeconds { get; private set; }

    /// <summary>Start of its first run that has ended.</summary>
    public DateTimeOffset? StartedAt { get; private set; }

    /// <summary>End of its newest run.</summary>
    public DateTimeOffset? CompletedAt { get; private set; }

    public static Conversation Start(string conversationId, ConversationStart start, DateTimeOffset now) => new()
    {
        ConversationId = Identifier.Require(conversationId, "conversation_id"),
        Title = start.Title,
        UserId = start.UserId,
        AgentType = start.AgentType,
        FlowId = start.FlowId,
        Metadata = start.Metadata,
        CreatedAt = now,
        UpdatedAt = now,
    };

    /// <summary>The title of a conversation that begins with a message: its first 50 characters.</summary>
    public static string TitleFrom(string message)
    {
        if (message.Length <= TitleLengthFromMessage)
        {
            return message;
        }

        // Not in the middle of a character.
        var length = char.IsHighSurrogate(message[TitleLengthFromMessage - 1]) ? TitleLengthFromMessage - 1 : TitleLengthFromMessage;
        return message[..length] + "...";
    }

    /// <summary>Adds a message.</summary>
    public Message Say(string messageId, MessageRole role, string content, string? taskId, string metadata, DateTimeOffset now, string eventId)
    {
        var message = Message.Create(
            Identifier.Require(messageId, "message_id"), ConversationId, ++LastMessageNumber, role, content, taskId, metadata, now);
        MessageCount++;
        UpdatedAt = now;
        Raise(new MessageAdded(eventId, now, message));
        return message;
    }

    /// <summary>Its messages are gone.</summary>
    /// <returns>How many there were.</returns>
    public int Clear(DateTimeOffset now)
    {
        var cleared = MessageCount;
        MessageCount = 0;
        UpdatedAt = now;
        return cleared;
    }

    /// <summary>Changes what is given; null keeps what it was.</summary>
    public void Update(string? title, bool? isArchived, string? metadata, DateTimeOffset now)
    {
        var before = (Title, IsArchived, Metadata);
        Title = title ?? Title;
        IsArchived = isArchived ?? IsArchived;
        Metadata = metadata ?? Metadata;
        if (before != (Title, IsArchived, Metadata))
        {
            UpdatedAt = now;
        }
    }

    /// <summary>
    /// Takes what a task's run has come to in place of what it had come to before. Booked in the transaction that changes the task, so that each
    /// run counts once, however often and in whatever order it is reported.
    /// </summary>
    public void Book(RunTotals before, RunTotals after)
    {
        TotalTasks += after.Runs - before.Runs;
        TotalCostUsd += after.CostUsd - before.CostUsd;
        // Rounded: what is taken out again must leave nothing behind.
        TotalDurationSeconds = Math.Round(TotalDurationSeconds + after.DurationSeconds - before.DurationSeconds, SecondsDecimals);
        StartedAt = Earlier(StartedAt, after.StartedAt);
        CompletedAt = Later(CompletedAt, after.CompletedAt);
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) => one is null || other < one ? other ?? one : one;

    private static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one is null || other > one ? other ?? one : one;
}

/// <summary>What is said of a conversation when it starts.</summary>
/// <param name="Title">Its title.</param>
/// <param name="UserId">Whose it is.</param>
/// <param name="AgentType">The agent that answers; null for the default one.</param>
/// <param name="FlowId">The thread at the source.</param>
/// <param name="Metadata">A JSON object.</param>
public sealed record ConversationStart(
    string Title, string UserId = Conversation.DefaultUser, string? AgentType = null, string? FlowId = null, string Metadata = Conversation.NoMetadata);
