using System.Globalization;
using System.Text.Json;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Realtime.Ingest;

/// <summary>The parts that several of the producers' formats have in common.</summary>
internal static class ProducerFields
{
    /// <summary>Structured parts beyond this are left out: the text has them.</summary>
    public const int MaxDataLength = LogText.MaxChunkBytes / 3;


    private static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    /// <summary>An ISO time, in UTC where no zone is named. Absent, unreadable or absurd: now.</summary>
    public static DateTimeOffset Timestamp(string? text, DateTimeOffset now)
    {
        var readable = text is { Length: >= 10 and <= 40 } && char.IsAsciiDigit(text[0]) && text[4] == '-'
            && DateTimeOffset.TryParse(
                text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out _);
        if (!readable)
        {
            return now;
        }

        var time = DateTimeOffset.Parse(text!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
        return time < Earliest || time > now + ClockSkew ? now : time;
    }

    /// <summary>The producer's id of a piece of output, where it gives a usable one.</summary>
    public static string? Id(JsonElement json) => json.String("id") is { Length: > 0 and <= LogEntry.MaxSourceIdLength } id ? id : null;

    /// <summary>The object, freed of the message that it came in; null where it is too long.</summary>
    public static JsonElement? Data(JsonElement? data) =>
        data?.GetRawText() is { Length: <= MaxDataLength } json ? JsonElement.Parse(json) : null;

    /// <summary>The figures that make sense, and how many do not.</summary>
    public static (TaskFigures? Figures, int Invalid) Figures(JsonElement json)
    {
        var invalid = 0;
        var figures = new TaskFigures(
            Decimal(json, "cost_usd", ref invalid),
            Count(json, "input_tokens", ref invalid),
            Count(json, "output_tokens", ref invalid),
            Seconds(json, "duration_seconds", ref invalid));
        return (figures == TaskFigures.None ? null : figures, invalid);
    }

    /// <summary>The language model, where the engine names it.</summary>
    public static string? Model(JsonElement json) =>
        json.String("model") is { Length: > 0 } model ? JsonText.Truncate(model, AgentTask.MaxNameLength) : null;

    public static IEnumerable<IngestStep> Report(
        string taskId, TaskReport report, int invalidFigures, ReportOrigin origin, bool endsStream = false)
    {
        for (var i = 0; i < invalidFigures; i++)
        {
            yield return new RejectStep(IngestOutcome.Malformed, IngestReasons.InvalidFigure);
        }

        yield return new ReportStep(
            new ReportTaskCommand(
                taskId,
                report with
                {
                    Output = report.Output is { } output ? JsonText.Truncate(output, AgentTask.MaxOutputLength) : null,
                    Result = report.Result is { } result ? JsonText.Truncate(result, AgentTask.MaxOutputLength) : null,
                    Error = report.Error is { } error ? JsonText.Truncate(error, AgentTask.MaxErrorLength) : null,
                },
                origin,
                CreateMissing: true),
            endsStream);
    }

    /// <summary>What cannot be taken leaves a line in the log that says so.</summary>
    public static IEnumerable<IngestStep> RefuseWithLine(
        string taskId, IngestOutcome outcome, string reason, DateTimeOffset now, string? sourceId, string line)
    {
        yield return new RejectStep(outcome, reason);
        yield return new AppendStep(taskId, new OutputEntry(now, sourceId, OutputKinds.System, line));
    }

    public static string TooLargeLine(long size) =>
        string.Create(CultureInfo.InvariantCulture, $"A message of {size:N0} bytes was refused: the limit is {LogText.MaxMessageBytes:N0} bytes.\n");

    public static string UnknownStatusLine(string status) => $"The unknown status \"{JsonText.Truncate(status, 50)}\" was reported and not taken.\n";

    private static decimal? Decimal(JsonElement json, string name, ref int invalid)
    {
        if (!TryGetFigure(json, name, out var text))
        {
            return null;
        }

        // The float's sign and size decide; a cost below a decimal's smallest step is nothing.
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= (double)TaskFigures.MaxCostUsd)
        {
            return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact) ? exact : 0;
        }

        invalid++;
        return null;
    }

    private static long? Count(JsonElement json, string name, ref int invalid)
    {
        if (!TryGetFigure(json, name, out var text))
        {
            return null;
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && number is >= 0 and <= TaskFigures.MaxTokens && number == Math.Floor(number))
        {
            return (long)number;
        }

        invalid++;
        return null;
    }

    private static double? Seconds(JsonElement json, string name, ref int invalid)
    {
        if (!TryGetFigure(json, name, out var text))
        {
            return null;
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= TaskFigures.MaxDurationSeconds)
        {
            return number;
        }

        invalid++;
        return null;
    }

    private static bool TryGetFigure(JsonElement json, string name, out string text)
    {
        text = json.Text(name) ?? "";
        return text.Length > 0;
    }
}
