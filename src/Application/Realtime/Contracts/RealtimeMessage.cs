using System.Text.Json;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Budgets.Contracts;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Realtime.Contracts;

/// <summary>What a frame says, before it is encoded. The edge writes it once, however many subscribers there are.</summary>
public abstract record RealtimeMessage;

/// <summary>A piece of a task's output.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Output">The text; never with NUL or unpaired surrogates.</param>
/// <param name="Kind">One of <see cref="Log.OutputKinds"/>.</param>
/// <param name="Data">Structured parts as a JSON object in UTF-8, or null.</param>
public sealed record TaskOutputMessage(string TaskId, string Output, string Kind, JsonElement? Data) : RealtimeMessage;

/// <summary>A task is new, moved to another status, or its figures became known.</summary>
public sealed record TaskStatusMessage(
    string TaskId,
    AgentTaskStatus Status,
    AgentTaskStatus? Previous,
    int Version,
    string? ConversationId,
    string? AssignedAgent,
    string Source,
    decimal? CostUsd,
    long? InputTokens,
    long? OutputTokens,
    double? DurationSeconds,
    string? Error) : RealtimeMessage;

/// <summary>Something was said in a conversation.</summary>
/// <param name="MessageId">The message.</param>
/// <param name="ConversationId">The conversation.</param>
/// <param name="Role">Who said it: user, assistant or system.</param>
/// <param name="Content">What was said; of a very long message only the beginning.</param>
/// <param name="TaskId">The task that it started, or that it answers: its output is on the task's own channel.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="Metadata">A JSON object.</param>
/// <param name="Truncated">Whether the content goes on: all of it is among the messages over REST.</param>
public sealed record ConversationMessage(
    string MessageId,
    string ConversationId,
    string Role,
    string Content,
    string? TaskId,
    DateTimeOffset CreatedAt,
    JsonElement Metadata,
    bool Truncated) : RealtimeMessage;

/// <summary>An agent's command line program started or stopped.</summary>
public sealed record CliStatusMessage(bool Active) : RealtimeMessage;

/// <summary>The state of the service changed, such as <c>redis_away</c> or <c>redis_back</c>.</summary>
public sealed record SystemMessage(string State, string Detail) : RealtimeMessage;

/// <summary>What the tasks come to: the same as over REST.</summary>
public sealed record StatsMessage(Summary Summary) : RealtimeMessage;

/// <summary>A budget has reached a threshold: recorded a moment ago.</summary>
public sealed record BudgetTripMessage(BudgetTripDetails Trip) : RealtimeMessage;

/// <summary>Something of this channel could not be delivered.</summary>
/// <param name="From">First missing offset; null where it cannot be known.</param>
/// <param name="To">Last missing offset; null where it cannot be known.</param>
/// <param name="Reason">One of <see cref="GapReasons"/>.</param>
/// <param name="Fill">REST address of exactly what is missing; null where nothing has it.</param>
public sealed record GapMessage(long? From, long? To, string Reason, string? Fill) : RealtimeMessage;

/// <summary>Why something could not be delivered.</summary>
public static class GapReasons
{
    /// <summary>The history that the client knows, or the part of it that it asks for, is gone.</summary>
    public const string HistoryLost = "history_lost";

    /// <summary>More was missed than is pushed to a client that comes back.</summary>
    public const string TooFarBehind = "too_far_behind";

    /// <summary>The producers' pub/sub was not heard for a while: what was published meanwhile is gone and cannot be counted.</summary>
    public const string SourceInterrupted = "source_interrupted";

    /// <summary>More arrived than could be taken in: messages were dropped at the door.</summary>
    public const string SourceOverflow = "source_overflow";

    /// <summary>The client did not read fast enough.</summary>
    public const string SlowConsumer = "slow_consumer";
}
