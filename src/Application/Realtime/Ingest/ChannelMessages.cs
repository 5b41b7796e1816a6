using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Realtime.Ingest;

/// <summary>Translates the producers' pub/sub messages. Pure: any bytes give a result, never an exception.</summary>
internal static class ChannelMessages
{
    /// <summary>Parts of a result that the task's log or the task itself holds already.</summary>
    private static readonly string[] NotPartOfResult =
    [
        "output", "raw_output", "tool_events", "thinking_blocks", "success", "error", "cost_usd", "input_tokens", "output_tokens", "duration_seconds",
    ];

    public static IEnumerable<IngestStep> Translate(ChannelMessage message, DateTimeOffset now)
    {
        if (message.Channel == ProducerChannels.CliStatus)
        {
            return message.Size > LogText.MaxMessageBytes
                ? [new RejectStep(IngestOutcome.Refused, IngestReasons.TooLarge)]
                : [Cli(message.Payload.Span)];
        }

        if (!ProducerChannels.TryGetTaskId(message.Channel, out var taskId))
        {
            return [new RejectStep(IngestOutcome.Refused, IngestReasons.InvalidTaskId)];
        }

        if (message.Size > LogText.MaxMessageBytes)
        {
            return ProducerFields.RefuseWithLine(
                taskId, IngestOutcome.Refused, IngestReasons.TooLarge, now, sourceId: null, ProducerFields.TooLargeLine(message.Size));
        }

        return message.Channel.EndsWith(ProducerChannels.OutputSuffix, StringComparison.Ordinal)
            ? [Output(taskId, message.Payload.Span, now)]
            : Status(taskId, message.Payload.Span, now);
    }

    /// <summary>Text; or an object with a string <c>output</c>. Any other JSON is text.</summary>
    public static IngestStep Output(string taskId, ReadOnlySpan<byte> payload, DateTimeOffset now)
    {
        var text = LogText.Decode(payload);
        if (JsonText.ParseObject(text) is { } json && json.String("output") is { } output)
        {
            var kind = json.String("kind") is { } named && OutputKinds.All.Contains(named) ? named : OutputKinds.Output;
            var timestamp = ProducerFields.Timestamp(json.String("timestamp"), now);
            var data = ProducerFields.Data(json.Object("data"));
            return Append(taskId, new OutputEntry(timestamp, ProducerFields.Id(json), kind, output, data));
        }

        return Append(taskId, new OutputEntry(now, null, OutputKinds.Output, text));
    }

    /// <summary><c>{"status":…, "result":{…}}</c></summary>
    public static IEnumerable<IngestStep> Status(string taskId, ReadOnlySpan<byte> payload, DateTimeOffset now)
    {
        if (JsonText.ParseObject(LogText.Decode(payload)) is not { } json)
        {
            return [new RejectStep(IngestOutcome.Malformed, IngestReasons.InvalidJson)];
        }

        if (json.String("status") is not { Length: > 0 } name)
        {
            return [new RejectStep(IngestOutcome.Malformed, IngestReasons.MissingStatus)];
        }

        if (!AgentTaskLifecycle.TryParse(name, out var status))
        {
            return ProducerFields.RefuseWithLine(
                taskId, IngestOutcome.Malformed, IngestReasons.UnknownStatus, now, sourceId: null, ProducerFields.UnknownStatusLine(name));
        }

        if (json.Object("result") is not { } result)
        {
            return ProducerFields.Report(
                taskId, new TaskReport(status, Error: json.Text("error"), Result: json.Text("result")), 0, ReportOrigin.StatusChannel);
        }

        // The engine publishes "completed" for failed runs as well; the result knows better.
        if (status == AgentTaskStatus.Completed && result.Bool("success") == false)
        {
            status = AgentTaskStatus.Failed;
        }

        var (figures, invalid) = ProducerFields.Figures(result);
        var report = new TaskReport(
            status,
            Output: NotEmpty(result.Text("output")) ?? NotEmpty(result.Text("raw_output")),
            Error: NotEmpty(result.Text("error")) ?? json.Text("error"),
            Result: result.Without(NotPartOfResult),
            Figures: figures,
            Model: ProducerFields.Model(result));
        return ProducerFields.Report(taskId, report, invalid, ReportOrigin.StatusChannel);
    }

    /// <summary>The state of an agent's command line program: <c>{"step":…, "status":…}</c></summary>
    public static IngestStep Cli(ReadOnlySpan<byte> payload) =>
        JsonText.ParseObject(LogText.Decode(payload)) is { } json
            ? new CliStep(json.String("step") == "ready" && json.String("status") == "healthy")
            : new RejectStep(IngestOutcome.Malformed, IngestReasons.InvalidJson);

    private static IngestStep Append(string taskId, OutputEntry entry) =>
        entry.Text.Length == 0 ? new RejectStep(IngestOutcome.Ignored, IngestReasons.Empty) : new AppendStep(taskId, entry);

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
