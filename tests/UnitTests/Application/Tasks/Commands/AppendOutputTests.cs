using System.Text.Json;
using FluentValidation;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Application.Tasks.Commands;

public sealed class AppendOutputTests
{
    private static readonly OutputChunk Chunk = new("x");

    private static readonly (string What, AppendOutputCommand Command)[] Refused =
    [
        ("an invalid task", new("a/b", [Chunk])),
        ("no chunk", new("task-1", [])),
        ("chunks that are null", new("task-1", null!)),
        ("a chunk that is null", new("task-1", [Chunk, null!])),
        ("too many chunks", new("task-1", [.. Enumerable.Repeat(Chunk, AppendOutputCommand.MaxChunks + 1)])),
        ("no output", new("task-1", [new OutputChunk(null!)])),
        ("an unknown kind", new("task-1", [Chunk with { Kind = "shout" }])),
        ("an empty id", new("task-1", [Chunk with { Id = "" }])),
        ("a long id", new("task-1", [Chunk with { Id = new string('x', LogEntry.MaxSourceIdLength + 1) }])),
        ("data that is a list", new("task-1", [Chunk with { Data = JsonElement.Parse("[]") }])),
    ];

    private static readonly AppendOutputCommand[] Accepted =
    [
        new("task-1", [.. Enumerable.Repeat(Chunk, AppendOutputCommand.MaxChunks)]),
        new("task-1", [Chunk with { Output = "", Kind = "thinking", Id = new string('x', LogEntry.MaxSourceIdLength), Data = JsonElement.Parse("{}") }]),
    ];

    [Test]
    public async Task It_is_answered_when_everything_is_stored()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        var at = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2));

        var receipt = await dashboard.SendAsync(new AppendOutputCommand("task-1",
        [
            new OutputChunk("a\n", Id: "1", Timestamp: at), new OutputChunk("hm", "thinking"), new OutputChunk("a\n", Id: "1"),
            new OutputChunk("ls", "tool_call", Data: JsonElement.Parse("""{"name":"Bash"}""")),
        ]));

        var rows = dashboard.Database.RowsOf("task-1");
        Assert.Multiple(() =>
        {
            Assert.That(receipt, Is.EqualTo(new AppendReceipt(3, 1, 4)));
            Assert.That(rows.Skip(1).Select(row => (row.Offset, row.Kind, row.Output)),
                Is.EqualTo(new[] { (2L, "output", "a\n"), (3L, "thinking", "hm"), (4L, "tool_call", "ls") }));
            Assert.That((rows[1].Timestamp, rows[1].Timestamp.Offset, rows[2].Timestamp), Is.EqualTo((at, TimeSpan.Zero, ManualTime.Start)));
            Assert.That(rows[3].Data!.Value.GetProperty("name").GetString(), Is.EqualTo("Bash"));
        });
    }

    [Test]
    public async Task Empty_output_leaves_no_row()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();

        var receipt = await dashboard.SendAsync(new AppendOutputCommand("task-1", [new OutputChunk(""), new OutputChunk("a")]));

        Assert.That(receipt, Is.EqualTo(new AppendReceipt(1, 0, 2)));
    }

    [Test]
    public async Task A_message_that_is_too_large_is_refused_and_the_log_says_so()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        var tooLarge = new string('€', (LogText.MaxMessageBytes / 3) + 1);
        var bytes = tooLarge.Length * 3;

        var refusal = Assert.ThrowsAsync<DomainRuleException>(
            () => dashboard.SendAsync(new AppendOutputCommand("task-1", [Chunk, new OutputChunk(tooLarge)])))!;

        Assert.Multiple(() =>
        {
            Assert.That(refusal.Code, Is.EqualTo("message_too_large"));
            Assert.That(dashboard.Database.RowsOf("task-1").Skip(1).Select(row => (row.Kind, row.Output)),
                Is.EqualTo(new[] { ("system", LogText.RefusedLine(bytes)) }), "nothing but the line that says so");
            Assert.That(dashboard.Get<TaskLogMetrics>().MessagesRefused, Is.EqualTo(1));
        });
    }

    [Test]
    public async Task A_message_as_large_as_allowed_is_taken_whole()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        var text = new string('x', LogText.MaxMessageBytes);

        var receipt = await dashboard.SendAsync(new AppendOutputCommand("task-1", [new OutputChunk(text)]));

        Assert.That((receipt.Accepted, receipt.LastOffset), Is.EqualTo((1, 1 + (LogText.MaxMessageBytes / LogText.MaxChunkBytes))));
        Assert.That(string.Concat(dashboard.Database.RowsOf("task-1").Select(row => row.Output)), Is.EqualTo(text));
    }

    [TestCaseSource(nameof(Refused))]
    public async Task What_is_out_of_bounds_is_refused((string What, AppendOutputCommand Command) refused)
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();

        Assert.That(() => dashboard.SendAsync(refused.Command), Throws.InstanceOf<ValidationException>());
        Assert.That(dashboard.Database.Tasks, Is.Empty);
    }

    [TestCaseSource(nameof(Accepted))]
    public void What_is_within_its_bounds_is_fine(AppendOutputCommand command) =>
        Assert.That(new AppendOutputValidator().Validate(command).Errors, Is.Empty);
}
