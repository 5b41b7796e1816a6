using System.Text;
using FsCheck;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.UnitTests.Realtime.Ingest;

public sealed class StreamEventsTests
{
    private static readonly DateTimeOffset Now = IngestHarness.Now;
    private static readonly DateTimeOffset Written = new(2026, 11, 20, 9, 59, 59, 500, TimeSpan.Zero);

    [TestCase("task:created")]
    [TestCase("webhook:task_created")]
    public void A_created_task_is_registered(string type)
    {
        var data = """{"task_id":"t9","session_id":"default-session","input_message":"fix it","source":"github","assigned_agent":"brain"}""";

        var steps = Translate(Event(type, data, taskId: null));

        Assert.That(steps, Is.EqualTo(new IngestStep[]
        {
            new RegisterStep(new RegisterTaskCommand("t9", "github", "fix it", "default-session", "brain")),
        }));
    }

    [Test]
    public void What_is_too_long_or_no_id_does_not_stop_a_registration()
    {
        var data = $$"""{"session_id":"not an id","source":"{{new string('s', 300)}}","input_message":7}""";

        var command = ((RegisterStep)Translate(Event("task:created", data)).Single()).Command;

        Assert.That((command.SessionId, command.Source.Length, command.InputMessage), Is.EqualTo(((string?)null, AgentTask.MaxKindLength, "7")));
    }

    [TestCase("task:thinking", """{"type":"thinking","content":"hm"}""", OutputKinds.Thinking, "hm", null)]
    [TestCase("task:tool_call", """{"name":"Bash","input":{"command":"ls"},"_tool_use_id":"x"}""", OutputKinds.ToolCall, "Bash {\"command\":\"ls\"}\n", """{"name":"Bash","input":{"command":"ls"}}""")]
    [TestCase("task:tool_result", """{"name":"Bash","content":"a\nb","is_error":true}""", OutputKinds.ToolResult, "a\nb", """{"name":"Bash","is_error":true}""")]
    [TestCase("task:user_input", """{"content":"yes"}""", OutputKinds.System, "yes", """{"content":"yes"}""")]
    [TestCase("task:response_posted", """{"method":"mcp","source":"jira"}""", OutputKinds.System, "Response posted to jira by mcp\n", """{"method":"mcp","source":"jira"}""")]
    [TestCase("knowledge:query", """{"tool_name":"search","query":"q"}""", OutputKinds.ToolCall, "search {\"tool_name\":\"search\",\"query\":\"q\"}\n", """{"name":"search","input":{"tool_name":"search","query":"q"}}""")]
    [TestCase("knowledge:result", """{"tool_name":"search","results_preview":"two hits"}""", OutputKinds.ToolResult, "two hits", """{"tool_name":"search","results_preview":"two hits"}""")]
    public void What_an_agent_does_goes_into_the_log_by_its_kind(string type, string data, string kind, string text, string? structured)
    {
        var entry = ((AppendStep)Translate(Event(type, data)).Single()).Entry;

        Assert.Multiple(() =>
        {
            Assert.That(entry.Kind, Is.EqualTo(kind));
            Assert.That(entry.Text, Is.EqualTo(text));
            Assert.That(entry.Data?.GetRawText(), Is.EqualTo(structured));
            Assert.That(entry.SourceId, Is.EqualTo("s:1763632799500-3"));
            Assert.That(entry.Timestamp, Is.EqualTo(Written));
        });
    }

    [Test]
    public void A_long_tool_input_is_shown_shortened_and_kept_whole_in_the_data()
    {
        var entry = ((AppendStep)Translate(Event("task:tool_call", $$$"""{"name":"Write","input":{"content":"{{{new string('x', 5000)}}}"}}""")).Single()).Entry;

        Assert.That(entry.Text, Has.Length.LessThan(250).And.EndsWith("…\n"));
        Assert.That(entry.Data!.Value.GetProperty("input").GetProperty("content").GetString(), Has.Length.EqualTo(5000));
    }

    [Test]
    public void A_tool_input_too_large_for_the_data_is_whole_in_the_text()
    {
        var input = new string('x', ProducerFields.MaxDataLength);

        var entry = ((AppendStep)Translate(Event("task:tool_call", $$$"""{"name":"Write","input":{"content":"{{{input}}}"}}""")).Single()).Entry;

        Assert.That(entry.Data, Is.Null);
        Assert.That(entry.Text, Does.Contain(input));
    }

    [Test]
    public void The_producers_id_goes_before_the_entrys()
    {
        Assert.That(((AppendStep)Translate(Event("task:thinking", """{"content":"x","id":"p-1"}""")).Single()).Entry.SourceId, Is.EqualTo("p-1"));
    }

    [Test]
    public void Output_says_when_redis_took_it()
    {
        var step = (OutputEventStep)Translate(Event("task:output", """{"content":"all"}""")).Single();

        Assert.That((step.Entry.Text, step.Entry.Kind, step.WrittenAt), Is.EqualTo(("all", OutputKinds.Output, Written.AddYears(-1))));
    }

    [TestCase("task:started", "{}", AgentTaskStatus.Running)]
    [TestCase("task:completed", """{"status":"failed"}""", AgentTaskStatus.Failed)]
    [TestCase("task:completed", "{}", AgentTaskStatus.Completed)]
    [TestCase("task:failed", "{}", AgentTaskStatus.Failed)]
    public void Reports_carry_their_status(string type, string data, AgentTaskStatus status)
    {
        var command = ((ReportStep)Translate(Event(type, data)).Single()).Command;

        Assert.That(command, Is.EqualTo(new ReportTaskCommand("t1", new TaskReport(status), ReportOrigin.EventStream, CreateMissing: true)));
    }

    [Test]
    public void The_end_brings_result_and_figures()
    {
        var data = """{"task_id":"t1","status":"completed","result":"ok","duration_seconds":12.5,"cost_usd":"0.3","input_tokens":5,"output_tokens":6.0}""";

        var report = ((ReportStep)Translate(Event("task:completed", data)).Single()).Command.Report;

        Assert.That(report, Is.EqualTo(new TaskReport(AgentTaskStatus.Completed, Result: "ok", Figures: new TaskFigures(0.3m, 5, 6, 12.5))));
    }

    [Test]
    public void Raw_output_is_reported_and_ends_what_is_streamed()
    {
        var step = (ReportStep)Translate(Event("task:raw_output", """{"raw_output":"raw"}""")).Single();

        Assert.That(step, Is.EqualTo(new ReportStep(
            new ReportTaskCommand("t1", new TaskReport(Output: "raw"), ReportOrigin.EventStream, CreateMissing: true), EndsStream: true)));
    }

    [TestCase("webhook:received", IngestReasons.NotAboutTasks)]
    [TestCase("notification:ops", IngestReasons.NotAboutTasks)]
    [TestCase("response:immediate", IngestReasons.NotAboutTasks)]
    [TestCase("task:danced", IngestReasons.NotAboutTasks)]
    public void Events_that_concern_no_task_are_ignored(string type, string reason)
    {
        Assert.That(Translate(Event(type, "{}")), Is.EqualTo(new IngestStep[] { new RejectStep(IngestOutcome.Ignored, reason) }));
    }

    [Test]
    public void Knowledge_without_a_task_is_ignored()
    {
        Assert.That(
            Translate(Event("knowledge:query", """{"tool_name":"search"}""", taskId: null)),
            Is.EqualTo(new IngestStep[] { new RejectStep(IngestOutcome.Ignored, IngestReasons.NoTask) }));
    }

    [TestCase(null, "{}", "t1", IngestOutcome.Malformed, IngestReasons.MissingType)]
    [TestCase("task:thinking", "{", "t1", IngestOutcome.Malformed, IngestReasons.InvalidJson)]
    [TestCase("task:thinking", "[]", "t1", IngestOutcome.Malformed, IngestReasons.InvalidJson)]
    [TestCase("task:thinking", "{}", "t1", IngestOutcome.Malformed, IngestReasons.MissingText)]
    [TestCase("task:thinking", """{"content":"x"}""", "../etc", IngestOutcome.Refused, IngestReasons.InvalidTaskId)]
    public void Garbage_is_counted(string? type, string data, string taskId, IngestOutcome outcome, string reason)
    {
        Assert.That(Translate(Event(type, data, taskId)), Is.EqualTo(new IngestStep[] { new RejectStep(outcome, reason) }));
    }

    [Test]
    public void An_entry_over_the_limit_is_refused_and_the_log_says_so_once()
    {
        var steps = Translate(new StreamEvent("5-1", "task:output", null, "t1", ReadOnlyMemory<byte>.Empty, LogText.MaxMessageBytes + 1L));

        Assert.That(steps[0], Is.EqualTo(new RejectStep(IngestOutcome.Refused, IngestReasons.TooLarge)));
        Assert.That(((AppendStep)steps[1]).Entry.SourceId, Is.EqualTo("s:5-1"), "a re-delivered entry must not say so twice");
    }

    [Test]
    public void Any_entry_gives_a_result()
    {
        string?[] types =
        [
            null, "", "task:created", "task:started", "task:output", "task:raw_output", "task:completed", "task:failed", "task:metrics", "task:thinking",
            "task:tool_call", "task:tool_result", "task:user_input", "task:context_built", "task:response_posted", "knowledge:query",
            "knowledge:result", "knowledge:tool_call", "knowledge:context_used", "webhook:task_created", "webhook:received",
        ];
        var entries =
            from type in Gen.Elements(types)
            from id in Arb.Generate<string>()
            from timestamp in Arb.Generate<string>()
            from payload in ChannelMessagesTests.Payloads.Generator
            select new StreamEvent(id ?? "", type, timestamp, "t1", payload, payload.Length);

        Prop.ForAll(Arb.From(entries), entry =>
        {
            var steps = Translate(entry);
            Assert.That(steps, Is.Not.Empty);
            foreach (var figures in steps.OfType<ReportStep>().Select(step => step.Command.Report.Figures))
            {
                Assert.That(figures?.Violation(), Is.Null);
            }
        }).Check(ChannelMessagesTests.Quietly(5_000));
    }

    private static StreamEvent Event(string? type, string data, string? taskId = "t1") =>
        new("1763632799500-3", type, "2026-11-20T09:59:59.500000", taskId, Encoding.UTF8.GetBytes(data), data.Length);

    private static List<IngestStep> Translate(StreamEvent entry) => StreamEvents.Translate(entry, Now).ToList();
}
