using System.Globalization;
using System.Text.Json;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Realtime.Ingest;

/// <summary>
/// Translates entries of the stream <c>task_events</c> (contract of the agent dashboard, 3.2).
/// Pure: any entry gives a result, never an exception.
/// </summary>
internal static class StreamEvents
{
    /// <summary>A tool's input is shown up to here beside its name; all of it is in the structured data.</summary>
    private const int MaxShownInput = 200;

    private static readonly JsonElement NoData = JsonElement.Parse("{}");

    public static IEnumerable<IngestStep> Translate(StreamEvent entry, DateTimeOffset now)
    {
        if (entry.Type is not { Length: > 0 } type)
        {
            return [new RejectStep(IngestOutcome.Malformed, IngestReasons.MissingType)];
        }

        if (!Concerns(type))
        {
            return [new RejectStep(IngestOutcome.Ignored, IngestReasons.NotAboutTasks)];
        }

        var tooLarge = entry.Size > LogText.MaxMessageBytes;
        var data = tooLarge || entry.Data.IsEmpty ? NoData : JsonText.ParseObject(LogText.Decode(entry.Data.Span));
        if (data is not { } json)
        {
            return [new RejectStep(IngestOutcome.Malformed, IngestReasons.InvalidJson)];
        }

        var taskId = entry.TaskId is { Length: > 0 } named ? named : json.String("task_id");
        if (string.IsNullOrEmpty(taskId))
        {
            return [new RejectStep(IngestOutcome.Ignored, IngestReasons.NoTask)];
        }

        if (!Identifier.IsValid(taskId))
        {
            return [new RejectStep(IngestOutcome.Refused, IngestReasons.InvalidTaskId)];
        }

        if (tooLarge)
        {
            return ProducerFields.RefuseWithLine(
                taskId, IngestOutcome.Refused, IngestReasons.TooLarge, now, SourceId(entry), ProducerFields.TooLargeLine(entry.Size));
        }

        return Translate(type, taskId, json, entry, now);
    }

    private static bool Concerns(string type) =>
        type.StartsWith("task:", StringComparison.Ordinal) || type.StartsWith("knowledge:", StringComparison.Ordinal)
        || type == "webhook:task_created";

    private static IEnumerable<IngestStep> Translate(string type, string taskId, JsonElement json, StreamEvent entry, DateTimeOffset now)
    {
        switch (type)
        {
            case "task:created" or "webhook:task_created":
                return [Register(taskId, json)];
            case "task:started":
                return Report(taskId, new TaskReport(AgentTaskStatus.Running));
            case "task:output":
                return json.Text("content") is { } output
                    ? [OutputEvent(taskId, output)]
                    : [new RejectStep(IngestOutcome.Malformed, IngestReasons.MissingText)];
            case "task:raw_output":
                return Report(taskId, new TaskReport(Output: json.Text("raw_output")), endsStream: true);
            case "task:completed":
                return Completed(taskId, json, SourceId(entry), now);
            case "task:failed":
                return Report(taskId, new TaskReport(AgentTaskStatus.Failed, Error: json.Text("error")));
            case "task:metrics":
                return Report(taskId, new TaskReport());
            case "task:thinking":
                return [Append(OutputKinds.Thinking, json.Text("content"), null)];
            case "task:tool_call":
                return [ToolCall(json.Text("name"), json.TryGetProperty("input", out var input) ? input : null)];
            case "knowledge:query" or "knowledge:tool_call":
                return [ToolCall(json.Text("tool_name"), json)];
            case "task:tool_result":
                return [ToolResult(json.Text("name"), json.Text("content"), json.Bool("is_error") ?? false)];
            case "knowledge:result":
                return [Append(OutputKinds.ToolResult, json.Text("results_preview") ?? Shown(json.Text("tool_name") ?? "knowledge", json), json)];
            case "task:user_input":
                return [Append(OutputKinds.System, json.Text("content") ?? json.Text("message") ?? json.Text("input") ?? json.GetRawText(), json)];
            case "task:context_built":
                return [Append(OutputKinds.System, $"Context built for {json.Text("flow_id") ?? taskId}\n", json)];
            case "task:response_posted":
                return [Append(OutputKinds.System, $"Response posted to {json.Text("source") ?? "the source"} by {json.Text("method") ?? "the engine"}\n", json)];
            case "knowledge:context_used":
                return [Append(OutputKinds.System, "Knowledge used as context\n", json)];
            default:
                return [new RejectStep(IngestOutcome.Ignored, IngestReasons.NotAboutTasks)];
        }

        IngestStep Append(string kind, string? text, JsonElement? data) => text switch
        {
            null => new RejectStep(IngestOutcome.Malformed, IngestReasons.MissingText),
            "" => new RejectStep(IngestOutcome.Ignored, IngestReasons.Empty),
            _ => new AppendStep(taskId, Entry(kind, text, ProducerFields.Data(data))),
        };

        IngestStep OutputEvent(string taskId, string text) => text.Length == 0
            ? new RejectStep(IngestOutcome.Ignored, IngestReasons.Empty)
            : new OutputEventStep(taskId, Entry(OutputKinds.Output, text, null), WrittenAt(entry.EntryId));

        IngestStep ToolCall(string? name, JsonElement? input)
        {
            name ??= "tool";
            var data = JsonText.Build(writer =>
            {
                writer.WriteString("name", name);
                writer.WritePropertyName("input");
                (input ?? NoData).WriteTo(writer);
            });
            var kept = ProducerFields.Data(data);
            var text = kept is null ? Full(name, input ?? NoData) : Shown(name, input ?? NoData);
            return new AppendStep(taskId, Entry(OutputKinds.ToolCall, text, kept));
        }

        IngestStep ToolResult(string? name, string? content, bool isError)
        {
            var data = JsonText.Build(writer =>
            {
                writer.WriteString("name", name ?? "tool");
                writer.WriteBoolean("is_error", isError);
            });
            // A tool that says nothing has still returned.
            return new AppendStep(taskId, Entry(OutputKinds.ToolResult, content ?? "", data));
        }

        OutputEntry Entry(string kind, string text, JsonElement? data) => new(
            ProducerFields.Timestamp(entry.Timestamp, now), ProducerFields.Id(json) ?? SourceId(entry), kind, text, data);

        IEnumerable<IngestStep> Report(string taskId, TaskReport report, bool endsStream = false)
        {
            var (figures, invalid) = ProducerFields.Figures(json);
            return ProducerFields.Report(taskId, report with { Figures = figures, Model = ProducerFields.Model(json) }, invalid, ReportOrigin.EventStream, endsStream);
        }
    }

    private static IEnumerable<IngestStep> Completed(string taskId, JsonElement json, string sourceId, DateTimeOffset now)
    {
        var name = json.String("status") ?? "completed";
        if (!AgentTaskLifecycle.TryParse(name, out var status))
        {
            return ProducerFields.RefuseWithLine(
                taskId, IngestOutcome.Malformed, IngestReasons.UnknownStatus, now, sourceId, ProducerFields.UnknownStatusLine(name));
        }

        var (figures, invalid) = ProducerFields.Figures(json);
        var report = new TaskReport(status, Error: json.Text("error"), Result: json.Text("result"), Figures: figures, Model: ProducerFields.Model(json));
        return ProducerFields.Report(taskId, report, invalid, ReportOrigin.EventStream);
    }

    private static RegisterStep Register(string taskId, JsonElement json)
    {
        return new RegisterStep(new RegisterTaskCommand(
            taskId,
            Limited("source", AgentTask.MaxKindLength) ?? AgentTask.UnknownSource,
            Limited("input_message", AgentTask.MaxInputLength) ?? "",
            OptionalId("session_id"),
            Limited("assigned_agent", AgentTask.MaxNameLength),
            ConversationId: OptionalId("conversation_id"),
            FlowId: Limited("flow_id", AgentTask.MaxNameLength),
            Model: ProducerFields.Model(json)));

        string? Limited(string name, int length) => json.Text(name) is { Length: > 0 } text ? JsonText.Truncate(text, length) : null;

        string? OptionalId(string name) => json.String(name) is { } id && Identifier.IsValid(id) ? id : null;
    }

    /// <summary>Re-delivered entries are recognised by it.</summary>
    private static string SourceId(StreamEvent entry) => JsonText.Truncate("s:" + entry.EntryId, LogEntry.MaxSourceIdLength);

    /// <summary>When Redis took the entry; the earliest time where the producer chose its own ids.</summary>
    private static DateTimeOffset WrittenAt(string entryId)
    {
        var dash = entryId.IndexOf('-', StringComparison.Ordinal);
        var time = dash < 0 ? entryId : entryId.AsSpan(0, dash);
        return long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
                ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
                : DateTimeOffset.MinValue;
    }

    private static string Full(string name, JsonElement input) => name + " " + input.GetRawText() + "\n";

    private static string Shown(string name, JsonElement input)
    {
        var json = input.GetRawText();
        return name + " " + (json.Length <= MaxShownInput ? json : JsonText.Truncate(json, MaxShownInput) + "…") + "\n";
    }
}
