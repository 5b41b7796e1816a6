using System.Text;
using FsCheck;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.UnitTests.Realtime.Ingest;

public sealed class ChannelMessagesTests
{
    private static readonly DateTimeOffset Now = IngestHarness.Now;

    [TestCase("hello\n")]
    [TestCase("{ not json }")]
    [TestCase("[1,2,3]")]
    [TestCase("42")]
    [TestCase("\"quoted\"")]
    [TestCase("""{"text":"no output here"}""")]
    [TestCase("""{"output":42}""")]
    [TestCase("""{"output":"cut off""")]
    public void Anything_but_an_object_with_an_output_is_text(string payload)
    {
        Assert.That(Output(payload), Is.EqualTo(new OutputEntry(Now, null, OutputKinds.Output, payload)));
    }

    [Test]
    public void An_object_with_an_output_brings_id_kind_timestamp_and_data()
    {
        var entry = Output("""{"output":"ls\n","id":"c-7","kind":"tool_call","timestamp":"2026-11-20T09:30:00.123456","data":{"name":"Bash","input":{"command":"ls"}}}""");

        Assert.Multiple(() =>
        {
            Assert.That(entry.Text, Is.EqualTo("ls\n"));
            Assert.That(entry.SourceId, Is.EqualTo("c-7"));
            Assert.That(entry.Kind, Is.EqualTo(OutputKinds.ToolCall));
            Assert.That(entry.Timestamp, Is.EqualTo(new DateTimeOffset(2026, 11, 20, 9, 30, 0, TimeSpan.Zero).AddMicroseconds(123456)));
            Assert.That(entry.Data!.Value.GetProperty("input").GetProperty("command").GetString(), Is.EqualTo("ls"));
        });
    }

    [TestCase("""{"output":"x","kind":"shout"}""", TestName = "An unknown kind is output")]
    [TestCase("""{"output":"x","kind":7}""", TestName = "A kind that is no text is output")]
    [TestCase("""{"output":"x","timestamp":"1969-07-20T20:17:40Z"}""", TestName = "A time before the service existed is now")]
    [TestCase("""{"output":"x","timestamp":"2026-11-21T10:00:00Z"}""", TestName = "A time in the future is now")]
    [TestCase("""{"output":"x","timestamp":"yesterday, about noon"}""", TestName = "A time that cannot be read is now")]
    [TestCase("""{"output":"x","timestamp":1763633000}""", TestName = "A time that is no text is now")]
    [TestCase("""{"output":"x","id":""}""", TestName = "An empty id is none")]
    [TestCase("""{"output":"x","data":[1]}""", TestName = "Data that is no object is none")]
    public void Members_that_make_no_sense_are_as_if_absent(string payload)
    {
        Assert.That(Output(payload), Is.EqualTo(new OutputEntry(Now, null, OutputKinds.Output, "x")));
    }

    [Test]
    public void An_id_of_255_characters_is_taken_and_a_longer_one_is_not()
    {
        var longest = new string('i', 255);

        Assert.That(Output($$"""{"output":"x","id":"{{longest}}"}""").SourceId, Is.EqualTo(longest));
        Assert.That(Output($$"""{"output":"x","id":"{{longest}}i"}""").SourceId, Is.Null);
    }

    [TestCase("""{"output":"a\u0000b"}""", "a\uFFFDb", TestName = "NUL as an escape")]
    [TestCase("""{"output":"a\udc80b"}""", "a\uFFFDb", TestName = "Half a pair as an escape, as Python writes a bad byte")]
    [TestCase("""{"output":"a\ud83d\ude00b"}""", "a😀b", TestName = "A pair as escapes stays")]
    [TestCase("""{"output":"a\\u0000b"}""", """a\u0000b""", TestName = "An escaped backslash is no escape of NUL")]
    [TestCase("""{"output":"\ud83d"}""", "\uFFFD", TestName = "Half a pair at the end")]
    [TestCase("a\0b", "a\uFFFDb", TestName = "NUL in text")]
    public void What_cannot_be_stored_becomes_the_replacement_character(string payload, string text)
    {
        Assert.That(Output(payload).Text, Is.EqualTo(text));
    }

    [Test]
    public void Invalid_utf8_becomes_the_replacement_character_in_json_as_well()
    {
        byte[] payload = [.. "{\"output\":\"a"u8, 0xFF, .. "b\"}"u8];

        var step = (AppendStep)ChannelMessages.Output("t1", payload, Now);

        Assert.That(step.Entry.Text, Is.EqualTo("a\uFFFDb"));
    }

    [TestCase("")]
    [TestCase("""{"output":""}""")]
    public void Empty_output_is_ignored(string payload)
    {
        Assert.That(ChannelMessages.Output("t1", Encoding.UTF8.GetBytes(payload), Now), Is.EqualTo(new RejectStep(IngestOutcome.Ignored, IngestReasons.Empty)));
    }

    [TestCase("task:a:b:output", "a:b")]
    [TestCase("task:output:output", "output")]
    [TestCase("task:a:output:status", "a:output")]
    public void The_id_may_hold_colons(string channel, string taskId)
    {
        Assert.That(ProducerChannels.TryGetTaskId(channel, out var found), Is.True);
        Assert.That(found, Is.EqualTo(taskId));
    }

    [TestCase("task::output")]
    [TestCase("task:output")]
    [TestCase("task:a/b:output")]
    [TestCase("task:..:output")]
    [TestCase("task:a b:status")]
    [TestCase("other")]
    public void A_channel_without_a_valid_id_is_refused(string channel)
    {
        Assert.That(Translate(channel, "x"), Is.EqualTo(new IngestStep[] { new RejectStep(IngestOutcome.Refused, IngestReasons.InvalidTaskId) }));
    }

    [Test]
    public void An_id_of_a_thousand_characters_is_refused()
    {
        Assert.That(
            Translate($"task:{new string('x', 1000)}:output", "x"),
            Is.EqualTo(new IngestStep[] { new RejectStep(IngestOutcome.Refused, IngestReasons.InvalidTaskId) }));
    }

    [Test]
    public void A_message_over_the_limit_is_refused_and_the_log_says_so_with_its_size()
    {
        var steps = ChannelMessages.Translate(new ChannelMessage("task:t1:output", ReadOnlyMemory<byte>.Empty, 20 * 1024 * 1024), Now).ToList();

        Assert.That(steps[0], Is.EqualTo(new RejectStep(IngestOutcome.Refused, IngestReasons.TooLarge)));
        var line = ((AppendStep)steps[1]).Entry;
        Assert.That(line.Kind, Is.EqualTo(OutputKinds.System));
        Assert.That(line.Text, Does.Contain("20,971,520"));
    }

    [Test]
    public void A_message_of_exactly_the_limit_is_taken()
    {
        var steps = ChannelMessages.Translate(new ChannelMessage("task:t1:output", "x"u8.ToArray(), LogText.MaxMessageBytes), Now);

        Assert.That(steps.Single(), Is.InstanceOf<AppendStep>());
    }

    [TestCase("in_progress", AgentTaskStatus.Running)]
    [TestCase("running", AgentTaskStatus.Running)]
    [TestCase("completed", AgentTaskStatus.Completed)]
    [TestCase("failed", AgentTaskStatus.Failed)]
    [TestCase("cancelled", AgentTaskStatus.Cancelled)]
    [TestCase("waiting_input", AgentTaskStatus.WaitingInput)]
    public void A_status_is_reported(string name, AgentTaskStatus status)
    {
        var command = Report($$"""{"status":"{{name}}"}""");

        Assert.That(command, Is.EqualTo(new ReportTaskCommand("t1", new TaskReport(status), ReportOrigin.StatusChannel, CreateMissing: true)));
    }

    [Test]
    public void A_result_brings_figures_output_error_and_the_rest_as_json()
    {
        var report = Report("""
            {"status":"completed","result":{"output":"done","raw_output":"raw","cost_usd":0.0421,"input_tokens":1200,"output_tokens":"340",
             "success":true,"error":null,"tool_events":[{"a":1}],"thinking_blocks":[],"files":["ä.txt"]}}
            """).Report;

        Assert.Multiple(() =>
        {
            Assert.That(report.Status, Is.EqualTo(AgentTaskStatus.Completed));
            Assert.That(report.Output, Is.EqualTo("done"));
            Assert.That(report.Figures, Is.EqualTo(new TaskFigures(0.0421m, 1200, 340)));
            Assert.That(report.Error, Is.Null);
            Assert.That(report.Result, Is.EqualTo("""{"files":["ä.txt"]}"""));
        });
    }

    [Test]
    public void Completed_without_success_is_failed()
    {
        var report = Report("""{"status":"completed","result":{"success":false,"error":"boom","raw_output":"raw"}}""").Report;

        Assert.That(report.Status, Is.EqualTo(AgentTaskStatus.Failed));
        Assert.That(report.Error, Is.EqualTo("boom"));
        Assert.That(report.Output, Is.EqualTo("raw"));
    }

    [Test]
    public void A_result_of_output_alone_leaves_no_result()
    {
        Assert.That(Report("""{"status":"completed","result":{"output":"done"}}""").Report.Result, Is.Null);
    }

    [TestCase("-0.5")]
    [TestCase("NaN")]
    [TestCase("Infinity")]
    [TestCase("-Infinity")]
    [TestCase("1e999")]
    [TestCase("\"NaN\"")]
    [TestCase("\"twelve\"")]
    [TestCase("true")]
    [TestCase("[1]")]
    public void A_figure_that_makes_no_sense_is_left_out_and_counted_and_the_others_are_taken(string cost)
    {
        var steps = Translate("task:t1:status", $$$"""{"status":"completed","result":{"cost_usd":{{{cost}}},"input_tokens":7}}""");

        Assert.That(steps[0], Is.EqualTo(new RejectStep(IngestOutcome.Malformed, IngestReasons.InvalidFigure)));
        Assert.That(((ReportStep)steps[1]).Command.Report.Figures, Is.EqualTo(new TaskFigures(InputTokens: 7)));
    }

    [Test]
    public void Words_in_text_are_not_taken_for_figures()
    {
        var report = Report("""{"status":"completed","result":{"cost_usd":NaN,"error":"-Infinity \" NaN"}}""", skip: 1).Report;

        Assert.That(report.Error, Is.EqualTo("-Infinity \" NaN"));
    }

    [Test]
    public void An_unknown_status_is_counted_and_the_log_says_so()
    {
        var steps = Translate("task:t1:status", """{"status":"exploded"}""");

        Assert.That(steps[0], Is.EqualTo(new RejectStep(IngestOutcome.Malformed, IngestReasons.UnknownStatus)));
        var line = ((AppendStep)steps[1]).Entry;
        Assert.That((line.Kind, line.Text.Contains("exploded")), Is.EqualTo((OutputKinds.System, true)));
    }

    [TestCase("completed", IngestReasons.InvalidJson)]
    [TestCase("[]", IngestReasons.InvalidJson)]
    [TestCase("{}", IngestReasons.MissingStatus)]
    [TestCase("""{"status":7}""", IngestReasons.MissingStatus)]
    public void A_status_that_cannot_be_read_is_counted(string payload, string reason)
    {
        Assert.That(Translate("task:t1:status", payload), Is.EqualTo(new IngestStep[] { new RejectStep(IngestOutcome.Malformed, reason) }));
    }

    [TestCase("""{"step":"ready","status":"healthy"}""", true)]
    [TestCase("""{"step":"ready","status":"checking"}""", false)]
    [TestCase("""{"step":"auth","status":"healthy"}""", false)]
    public void The_command_line_program_is_active_when_it_is_ready_and_healthy(string payload, bool active)
    {
        Assert.That(Translate("cli:status", payload), Is.EqualTo(new IngestStep[] { new CliStep(active) }));
    }

    [Test]
    public void Any_bytes_on_any_channel_give_a_result_that_keeps_the_rules()
    {
        Prop.ForAll(Payloads, payload =>
        {
            foreach (var channel in new[] { "task:t1:output", "task:t1:status", "cli:status" })
            {
                var steps = ChannelMessages.Translate(new ChannelMessage(channel, payload), Now).ToList();
                Assert.That(steps, Is.Not.Empty);
                foreach (var entry in steps.OfType<AppendStep>().Select(step => step.Entry))
                {
                    Assert.That(entry.Text, Is.EqualTo(LogText.Clean(entry.Text)).And.Not.Empty);
                    Assert.That(OutputKinds.All, Does.Contain(entry.Kind));
                    Assert.That(entry.Timestamp, Is.InRange(Now.AddYears(-30), Now.AddMinutes(5)));
                    Assert.That(entry.SourceId?.Length ?? 1, Is.InRange(1, 255));
                }

                foreach (var report in steps.OfType<ReportStep>().Select(step => step.Command.Report))
                {
                    Assert.That(report.Figures?.Violation(), Is.Null);
                }
            }
        }).Check(Quietly(2_000));
    }

    /// <summary>Bytes at random, and, because those are hardly ever JSON, messages whose bytes were tampered with.</summary>
    internal static Arbitrary<byte[]> Payloads { get; } = Arb.From(Gen.OneOf(
        Arb.Generate<byte[]>(),
        from seed in Gen.Elements(
            """{"output":"a\ud83d\ude00","id":"1","kind":"thinking","timestamp":"2026-11-20T09:00:00+01:00","data":{"a":[1,2,{"b":null}]}}""",
            """{"status":"completed","result":{"output":"x","cost_usd":-1e5,"input_tokens":"12","success":false,"duration_seconds":NaN}}""",
            """{"step":"ready","status":"healthy","name":"Bash","input":{"command":"ls \u0000"},"content":"text","_x":Infinity}""")
        from edits in Gen.ListOf(Gen.Zip(Gen.Choose(0, 200), Gen.Choose(0, 255)))
        select Tamper(Encoding.UTF8.GetBytes(seed), edits)));

    internal static Configuration Quietly(int runs) => new() { MaxNbOfTest = runs, QuietOnSuccess = true, Runner = Config.QuickThrowOnFailure.Runner };

    private static byte[] Tamper(byte[] bytes, IEnumerable<Tuple<int, int>> edits)
    {
        foreach (var (at, value) in edits)
        {
            bytes[at % bytes.Length] = (byte)value;
        }

        return bytes;
    }

    private static OutputEntry Output(string payload) => ((AppendStep)ChannelMessages.Output("t1", Encoding.UTF8.GetBytes(payload), Now)).Entry;

    private static ReportTaskCommand Report(string payload, int skip = 0) =>
        Translate("task:t1:status", payload).Skip(skip).Cast<ReportStep>().Single().Command;

    private static List<IngestStep> Translate(string channel, string payload) =>
        ChannelMessages.Translate(IngestHarness.Published(channel, payload), Now).ToList();
}
