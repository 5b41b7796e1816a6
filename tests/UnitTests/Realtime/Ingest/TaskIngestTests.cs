using System.Net.Sockets;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;
using NSubstitute;
using static GrooteDashboard.UnitTests.Realtime.Ingest.IngestHarness;

namespace GrooteDashboard.UnitTests.Realtime.Ingest;

public sealed class TaskIngestTests
{
    private IngestHarness _harness = null!;

    [SetUp]
    public void SetUp() => _harness = new IngestHarness();

    [TearDown]
    public void TearDown() => _harness.Dispose();

    [Test]
    public async Task Consecutive_output_goes_into_one_append_by_task_and_in_order()
    {
        await _harness.TakeAsync(
            Published("task:a:output", "1"), Published("task:b:output", "2"), Published("task:a:output", "3"));

        var appends = _harness.Calls.Single();
        Assert.That(
            appends.Select(append => (append.TaskId, string.Concat(append.Entries.Cast<OutputEntry>().Select(entry => entry.Text)))),
            Is.EqualTo(new[] { ("a", "13"), ("b", "2") }));
    }

    [Test]
    public async Task Output_and_status_keep_their_order()
    {
        await _harness.TakeAsync(
            Published("task:a:output", "before"), Published("task:a:status", """{"status":"completed"}"""), Published("task:a:output", "after"));

        Assert.That(
            _harness.Done.Select(done => done.What is OutputEntry entry ? entry.Text : done.What.GetType().Name),
            Is.EqualTo(new[] { "before", nameof(ReportTaskCommand), "after" }));
    }

    [Test]
    public async Task It_is_stored_when_the_log_says_so()
    {
        var stored = await _harness.TakeAsync(Published("task:a:output", "x"));

        Assert.That(stored.IsCompleted, Is.False);
        _harness.Stored.SetResult(default);
        Assert.That(async () => await stored.WaitAsync(TimeSpan.FromSeconds(5)), Throws.Nothing);
    }

    [Test]
    public async Task What_is_not_taken_is_counted_by_its_reason()
    {
        await _harness.TakeAsync(
            Published("task:a b:output", "x"), Published("task:a:status", "?"), Published("task:a:output", ""),
            new ChannelMessage("task:a:output", ReadOnlyMemory<byte>.Empty, LogText.MaxMessageBytes + 1L));

        Assert.Multiple(() =>
        {
            Assert.That(_harness.Metrics.Total(IngestOutcome.Refused, IngestReasons.InvalidTaskId), Is.EqualTo(1));
            Assert.That(_harness.Metrics.Total(IngestOutcome.Refused, IngestReasons.TooLarge), Is.EqualTo(1));
            Assert.That(_harness.Metrics.Total(IngestOutcome.Refused), Is.EqualTo(2));
            Assert.That(_harness.Metrics.Total(IngestOutcome.Malformed), Is.EqualTo(1));
            Assert.That(_harness.Metrics.Total(IngestOutcome.Ignored), Is.EqualTo(1));
            Assert.That(_harness.Metrics.Total(IngestOutcome.Taken), Is.EqualTo(1), "the line that says what was refused");
        });
    }

    [Test]
    public async Task A_message_waits_for_the_store_and_is_not_skipped()
    {
        _harness.Fail([.. Enumerable.Repeat(new SocketException(), 10)]);

        await _harness.TakeAsync(Published("task:a:status", """{"status":"running"}"""), Published("task:a:output", "after"));

        Assert.That(_harness.Attempts, Is.EqualTo(11));
        Assert.That(_harness.Done.Select(done => done.What.GetType()), Is.EqualTo(new[] { typeof(ReportTaskCommand), typeof(OutputEntry) }));
    }

    [Test]
    public async Task A_message_against_a_rule_is_counted_and_skipped_at_once()
    {
        _harness.Fail(new DomainRuleException("illegal_transition", "no"));

        await _harness.TakeAsync(Published("task:a:status", """{"status":"queued"}"""), Published("task:a:output", "after"));

        Assert.That(_harness.Attempts, Is.EqualTo(1));
        Assert.That(_harness.Metrics.Total(IngestOutcome.Refused, "illegal_transition"), Is.EqualTo(1));
        Assert.That(_harness.Entries.Single().Text, Is.EqualTo("after"));
    }

    [Test]
    public async Task A_message_that_fails_for_no_reason_that_waiting_cures_does_not_block_the_others_for_ever()
    {
        _harness.Fail([.. Enumerable.Repeat(new InvalidCastException(), 3)]);

        await _harness.TakeAsync(Published("task:a:status", """{"status":"running"}"""), Published("task:a:output", "after"));

        Assert.That(_harness.Attempts, Is.EqualTo(3));
        Assert.That(_harness.Metrics.Total(IngestOutcome.Failed), Is.EqualTo(1));
        Assert.That(_harness.Entries.Single().Text, Is.EqualTo("after"));
    }

    [Test]
    public async Task The_state_of_the_command_line_program_is_published()
    {
        await _harness.TakeAsync(Published("cli:status", """{"step":"ready","status":"healthy"}"""));

        _harness.Publisher.Received(1).Publish(new ChannelFrame(Channels.Cli, null, Now, new CliStatusMessage(true)));
    }

    [TestCase(null)]
    [TestCase(AgentTaskStatus.Running)]
    public async Task Output_events_of_a_task_that_is_not_final_are_streamed_output(AgentTaskStatus? status)
    {
        _harness.Status = status;

        await _harness.TakeAsync(_harness.Event("task:output", new { content = "live" }));

        Assert.That(_harness.Entries.Single().Text, Is.EqualTo("live"));
        Assert.That(_harness.Reports, Is.Empty);
    }

    [Test]
    public async Task An_output_event_written_after_the_task_was_final_repeats()
    {
        GivenTaskCompletedAt(Now);

        await _harness.TakeAsync(_harness.Event("task:output", new { content = "all" }, id: $"{Now.AddSeconds(1).ToUnixTimeMilliseconds()}-0"));

        Assert.That(_harness.Entries, Is.Empty);
        Assert.That(_harness.Reports.Single().Report, Is.EqualTo(new TaskReport(Output: "all")));
    }

    [Test]
    public async Task An_output_event_that_the_end_of_its_task_overtook_is_streamed_output()
    {
        GivenTaskCompletedAt(Now);

        await _harness.TakeAsync(_harness.Event("task:output", new { content = "late" }, id: $"{Now.AddSeconds(-1).ToUnixTimeMilliseconds()}-0"));

        Assert.That(_harness.Entries.Single().Text, Is.EqualTo("late"));
        Assert.That(_harness.Reports, Is.Empty);
    }

    /// <summary>Contract of the agent dashboard, 3.3: a failed chat run whose <c>completed</c> is published first.</summary>
    [Test]
    public async Task The_engines_order_of_calls_for_a_failed_chat_run()
    {
        var figures = new TaskFigures(0.12m, 900, 80);
        _harness.Status = AgentTaskStatus.Running;

        await _harness.TakeAsync(
            _harness.Event("task:created", new { task_id = "t1", session_id = "s1", input_message = "do it", source = "dashboard", assigned_agent = "brain" }),
            _harness.Event("task:created", new { task_id = "t1", session_id = "s1", input_message = "do it", source = "dashboard", assigned_agent = "brain" }),
            _harness.Event("task:started", new { task_id = "t1", session_id = "s1" }),
            Published("task:t1:status", """{"status":"in_progress"}"""),
            _harness.Event("task:thinking", new { type = "thinking", content = "hm" }),
            _harness.Event("task:tool_call", new { type = "tool_call", name = "Bash", input = new { command = "ls" } }),
            _harness.Event("task:tool_result", new { type = "tool_result", name = "Bash", content = "a b", is_error = false }),
            Published("task:t1:status", """
                {"status":"completed","result":{"output":"It failed.","raw_output":"raw","cost_usd":0.12,"input_tokens":900,"output_tokens":80,
                 "success":false,"error":"exit 1","tool_events":[{}],"thinking_blocks":[{}]}}
                """),
            _harness.Event("task:raw_output", new { raw_output = "raw" }),
            _harness.Event("task:output", new { content = "It failed." }),
            _harness.Event("task:completed", new { status = "failed", result = "It failed.", duration_seconds = 3.5, cost_usd = 0.12, input_tokens = 900, output_tokens = 80 }));

        var register = new RegisterTaskCommand("t1", "dashboard", "do it", "s1", "brain");
        Assert.Multiple(() =>
        {
            Assert.That(_harness.Entries.Select(entry => (entry.Kind, entry.Text)), Is.EqualTo(new[]
            {
                (OutputKinds.Thinking, "hm"), (OutputKinds.ToolCall, "Bash {\"command\":\"ls\"}\n"), (OutputKinds.ToolResult, "a b"),
            }));
            Assert.That(_harness.Done.Select(done => done.What).OfType<RegisterTaskCommand>(), Is.EqualTo(new[] { register, register }));
            Assert.That(_harness.Reports.Select(report => (report.Origin, report.Report)), Is.EqualTo(new[]
            {
                (ReportOrigin.EventStream, new TaskReport(AgentTaskStatus.Running)),
                (ReportOrigin.StatusChannel, new TaskReport(AgentTaskStatus.Running)),
                (ReportOrigin.StatusChannel, new TaskReport(
                    AgentTaskStatus.Failed,
                    "It failed.",
                    "exit 1",
                    null,
                    figures)),
                (ReportOrigin.EventStream, new TaskReport(Output: "raw")),
                (ReportOrigin.EventStream, new TaskReport(Output: "It failed.")),
                (ReportOrigin.EventStream, new TaskReport(AgentTaskStatus.Failed, Result: "It failed.", Figures: figures with { DurationSeconds = 3.5 })),
            }));
        });
    }

    private void GivenTaskCompletedAt(DateTimeOffset moment)
    {
        var task = AgentTask.FromOutput("t1", moment.AddMinutes(-1), "e1");
        task.TransitionTo(AgentTaskStatus.Completed, moment, "e2");
        _harness.Status = AgentTaskStatus.Completed;
        _harness.Task_ = task;
    }
}
