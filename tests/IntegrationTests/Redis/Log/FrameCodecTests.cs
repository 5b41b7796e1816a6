using System.Text;
using System.Text.Json;
using FsCheck;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Infrastructure.Redis.Log;

namespace GrooteDashboard.IntegrationTests.Redis.Log;

internal sealed class FrameCodecTests
{
    private static readonly DateTimeOffset Moment = new(2026, 11, 20, 10, 0, 0, 123, TimeSpan.Zero);

    [Test]
    public void Any_output_comes_back_as_it_was() => Prop.ForAll<string?, int>((text, kind) =>
    {
        var message = new TaskOutputMessage("task-1", LogText.Clean(text ?? ""), OutputKinds.All.Items[Math.Abs(kind % OutputKinds.All.Count)], null);

        return RoundTrip(message).Equals(message);
    }).QuickCheckThrowOnFailure();

    [Test]
    public void Any_status_comes_back_as_it_was() => Prop.ForAll<string?, int, long>((text, number, tokens) =>
    {
        var statuses = Enum.GetValues<AgentTaskStatus>();
        var message = new TaskStatusMessage(
            "task-1",
            statuses[Math.Abs(number % statuses.Length)],
            number % 2 == 0 ? AgentTaskStatus.Running : null,
            number,
            text is null ? null : LogText.Clean(text),
            null,
            "github",
            number / 100m,
            tokens,
            null,
            number / 3.0,
            text is null ? null : LogText.Clean(text));

        return RoundTrip(message).Equals(message);
    }).QuickCheckThrowOnFailure();

    [Test]
    public void Structured_parts_stay_as_they_were_written()
    {
        const string data = """{ "tool":"bash", "input": {"n": 1.00, "s": "\u00e9<>"} }""";

        var back = (TaskOutputMessage)RoundTrip(new TaskOutputMessage("task-1", "x", OutputKinds.ToolCall, JsonElement.Parse(data)));

        Assert.That(back.Data!.Value.GetRawText(), Is.EqualTo(data));
    }

    [TestCase("""{"t":"2026-11-20T10:00:00.123+00:00","output":{"task_id":"task-1","output":"x","kind":"output"}}""")]
    [TestCase("""{"t":"2026-11-20T10:00:00.123+00:00","output":{"kind":"output","task_id":"task-1","output":"x","later":[1]},"more":{}}""")]
    [TestCase("""{ "output" : { "task_id":"task-1", "output":"\u0078", "kind":"output", "data":null } , "t":"2026-11-20T11:00:00.123+01:00" }""")]
    public void Output_of_any_version_is_read(string body)
    {
        var frame = FrameCodec.Decode("task:task-1", 1, Encoding.UTF8.GetBytes(body));

        Assert.That((frame.Timestamp, frame.Message), Is.EqualTo((Moment, new TaskOutputMessage("task-1", "x", OutputKinds.Output, null))));
    }

    [TestCase("""{"t":1,"output":{"task_id":"task-1","output":"x","kind":"output"}}""")]
    [TestCase("""{"t":"2026-11-20T10:00:00+00:00","output":{"task_id":"task-1","output":2,"kind":"output"}}""")]
    [TestCase("""{"t":"2026-11-20T10:00:00+00:00","output":{"task_id":"task-1","output":"x","kind":"output"}""")]
    public void What_is_not_output_is_refused(string body) =>
        Assert.That(() => FrameCodec.Decode("task:task-1", 1, Encoding.UTF8.GetBytes(body)), Throws.InstanceOf<JsonException>());

    [Test]
    public void Messages_outside_of_the_sequence_come_back_too() => Assert.Multiple(() =>
    {
        foreach (var message in new RealtimeMessage[]
        {
            new CliStatusMessage(true), new SystemMessage("redis_away", "away"), new GapMessage(1, 2, GapReasons.SourceInterrupted, null),
        })
        {
            Assert.That(RoundTrip(message), Is.EqualTo(message));
        }
    });

    [Test]
    public void What_a_later_version_adds_is_ignored() => Assert.That(
        FrameCodec.Decode("cli", null, """{"t":"2026-11-20T10:00:00+00:00","cli":{"active":true,"since":"yesterday"},"more":{}}"""u8).Message,
        Is.EqualTo(new CliStatusMessage(true)));

    [Test]
    public void A_kind_that_a_later_version_adds_is_refused() => Assert.That(
        () => FrameCodec.Decode("cli", null, """{"t":"2026-11-20T10:00:00+00:00","metrics":{}}"""u8), Throws.TypeOf<NotSupportedException>());

    private static RealtimeMessage RoundTrip(RealtimeMessage message)
    {
        var frame = FrameCodec.Decode("task:task-1", 7, FrameCodec.Encode(Moment, message));
        Assert.That((frame.Channel, frame.Offset, frame.Timestamp), Is.EqualTo(("task:task-1", (long?)7, Moment)));
        return frame.Message;
    }
}
