using System.Buffers.Text;
using System.Globalization;
using System.Text;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Tasks.Contracts;

/// <summary>
/// A place in a list of tasks, between two rows. It holds what the row was ordered by, so it stays where it is though the row may change or vanish.
/// </summary>
/// <param name="Order">The order in which it is a place.</param>
/// <param name="Value">
/// What the row was ordered by: <see cref="DateTimeOffset"/> for times, <see cref="decimal"/> for the cost, <see cref="double"/> for the duration,
/// <see cref="long"/> for tokens, else <see cref="string"/>.
/// </param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="TaskId">Its id.</param>
public sealed record TaskCursor(TaskOrder Order, object Value, DateTimeOffset CreatedAt, string TaskId)
{
    /// <summary>Characters of a cursor: of the longest id and the longest name.</summary>
    public const int MaxLength = 2_000;

    /// <summary>A duration that is not known, as it is ordered.</summary>
    private const double UnknownDuration = -1;

    private const char Separator = '|';
    private const int Parts = 5;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The place of a row.</summary>
    public static TaskCursor Of(TaskSummary row, TaskOrder order) => new(
        order,
        order.Key switch
        {
            TaskSortKey.Created => row.CreatedAt,
            TaskSortKey.Completed => row.CompletedAt ?? DateTimeOffset.MinValue,
            TaskSortKey.Cost => row.CostUsd,
            TaskSortKey.Duration => row.DurationSeconds ?? UnknownDuration,
            TaskSortKey.Tokens => row.InputTokens + row.OutputTokens,
            TaskSortKey.Status => row.Status.Name(),
            TaskSortKey.Agent => row.AssignedAgent ?? "",
            TaskSortKey.AgentType => row.AgentType,
            TaskSortKey.Source => row.Source,
            _ => throw new ArgumentOutOfRangeException(nameof(order), order.Key, null),
        },
        row.CreatedAt,
        row.TaskId);

    /// <summary>Null where the text is no cursor.</summary>
    public static TaskCursor? Parse(string text)
    {
        if (text.Length > MaxLength || !Base64Url.IsValid(text))
        {
            return null;
        }

        try
        {
            return Strict.GetString(Base64Url.DecodeFromChars(text)).Split(Separator, Parts) is [var key, var direction, var created, var taskId, var value]
                && Enum.TryParse<TaskSortKey>(key, out var sort) && Enum.IsDefined(sort)
                && direction is "asc" or "desc"
                && ParseTime(created) is { } createdAt
                && Identifier.IsValid(taskId)
                && ParseValue(sort, value) is { } place
                    ? new TaskCursor(new TaskOrder(sort, direction == "desc"), place, createdAt, taskId)
                    : null;
        }
        catch (ArgumentException)
        {
            // Bytes that are no text.
            return null;
        }
    }

    /// <summary>Opaque: clients hand it back as it is.</summary>
    public override string ToString()
    {
        var value = Value is DateTimeOffset time ? Format(time) : Convert.ToString(Value, CultureInfo.InvariantCulture);
        return Base64Url.EncodeToString(Strict.GetBytes(
            string.Join(Separator, Order.Key, Order.Descending ? "desc" : "asc", Format(CreatedAt), TaskId, value)));
    }

    private static string Format(DateTimeOffset time) => time.UtcTicks.ToString(CultureInfo.InvariantCulture);

    private static DateTimeOffset? ParseTime(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) && ticks <= DateTimeOffset.MaxValue.UtcTicks
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : null;

    private static object? ParseValue(TaskSortKey key, string text) => key switch
    {
        TaskSortKey.Created or TaskSortKey.Completed => ParseTime(text),
        TaskSortKey.Cost => decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var cost) ? cost : null,
        TaskSortKey.Duration => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && double.IsFinite(seconds) ? seconds : null,
        TaskSortKey.Tokens => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var tokens) ? tokens : null,
        _ => text.Length <= AgentTask.MaxNameLength && !text.Contains('\0', StringComparison.Ordinal) ? text : null,
    };
}
