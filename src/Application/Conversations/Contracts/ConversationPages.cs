using System.Globalization;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Tasks.Contracts;

namespace GrooteDashboard.Application.Conversations.Contracts;

/// <summary>Which conversations a list shows.</summary>
/// <param name="UserId">Of this user; null for everybody's.</param>
/// <param name="Archived">True for archived ones, false for the others; null for both.</param>
/// <param name="FlowId">Of this thread at a source; null for all.</param>
/// <param name="Text">What the title contains, in any case; null for any title.</param>
public sealed record ConversationFilter(string? UserId, bool? Archived = null, string? FlowId = null, string? Text = null);

/// <summary>A place in the list of conversations.</summary>
/// <param name="UpdatedAt">Those that were last changed before it,</param>
/// <param name="ConversationId">and those of the same moment with a smaller id.</param>
public sealed record ConversationCursor(DateTimeOffset UpdatedAt, string ConversationId)
{
    private const char Separator = '~';

    /// <summary>Null where the text is no cursor.</summary>
    public static ConversationCursor? Parse(string text) =>
        text.Split(Separator, 2) is [var ticks, var id]
        && Domain.Common.Identifier.IsValid(id)
        && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
        && at <= DateTimeOffset.MaxValue.Ticks
            ? new ConversationCursor(new DateTimeOffset(at, TimeSpan.Zero), id)
            : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{UpdatedAt.UtcTicks}{Separator}{ConversationId}");
}

/// <summary>A part of the list.</summary>
/// <param name="Items">The conversations.</param>
/// <param name="Next">Where the next part begins; null at the end.</param>
public sealed record ConversationPage(IReadOnlyList<ConversationSummary> Items, ConversationCursor? Next);

/// <summary>A part of a conversation's messages, oldest first.</summary>
/// <param name="Items">The messages.</param>
/// <param name="Next">The older ones have a smaller number than this; null where there are none.</param>
/// <param name="Position">The conversation's channel goes on from here.</param>
public sealed record MessagePage(IReadOnlyList<MessageDetails> Items, long? Next, LogPosition Position);

/// <summary>What a conversation's runs come to.</summary>
public sealed record ConversationMetrics(
    string ConversationId,
    decimal TotalCostUsd,
    int TotalTasks,
    double TotalDurationSeconds,
    DateTimeOffset? StartedAt,
    DateTimeOffset? CompletedAt,
    IReadOnlyDictionary<string, int> TaskBreakdown,
    decimal AverageCostPerTask);

/// <summary>A message as the next prompt takes it in.</summary>
public sealed record ContextMessage(string Role, string Content, DateTimeOffset CreatedAt);

/// <summary>Something that was said on a conversation's channel: one of the two.</summary>
/// <param name="Offset">Its place, from 1.</param>
/// <param name="Timestamp">When.</param>
/// <param name="Message">A message that was added.</param>
/// <param name="TaskStatus">A change of one of its tasks.</param>
public sealed record ConversationLogEntry(long Offset, DateTimeOffset Timestamp, MessageDetails? Message, TaskStatusMessage? TaskStatus);

/// <summary>A part of what was said on a conversation's channel.</summary>
/// <param name="ConversationId">The conversation.</param>
/// <param name="Entries">In the order of their offsets.</param>
/// <param name="LastOffset">Offset of the newest entry.</param>
/// <param name="HasMore">Whether there are more after these.</param>
public sealed record ConversationLogPage(string ConversationId, IReadOnlyList<ConversationLogEntry> Entries, long LastOffset, bool HasMore);
