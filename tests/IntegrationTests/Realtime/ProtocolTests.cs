using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using FsCheck;
using GrooteDashboard.Api.Realtime.Sockets;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Realtime;

internal sealed class ProtocolTests
{
    private HubHost _host = null!;

    [OneTimeSetUp]
    public async Task Start() => _host = await HubHost.StartAsync(new { MaxSubscriptions = 4, FramesPerSecond = 10_000, FrameBurst = 10_000 });

    [OneTimeTearDown]
    public async Task Stop() => await _host.DisposeAsync();

    [Test]
    public async Task The_server_greets_with_an_id_of_the_client_and_its_heartbeat()
    {
        await using var one = await _host.ConnectAsync();
        await using var two = await _host.ConnectAsync();
        var first = await one.ReceiveAsync("connected");
        var second = await two.ReceiveAsync("connected");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.Text("client_id"), Has.Length.EqualTo(16).And.Not.EqualTo(second.Text("client_id")));
            Assert.That(first.GetProperty("heartbeat_seconds").GetInt32(), Is.EqualTo(25));
        }
    }

    [TestCase("""{"type":"ping"}""", """{"type":"pong"}""")]
    [TestCase("ping", """{"type":"pong"}""")]
    [TestCase("""{"type":"subscribe","channel":"task:a:b"}""", """{"type":"subscribed","channel":"task:a:b","epoch":"e1","offset":0}""")]
    [TestCase("""{"type":"unsubscribe","channel":"task:a:b"}""", """{"type":"unsubscribed","channel":"task:a:b"}""")]
    public async Task Frames_are_answered(string sent, string expected)
    {
        await using var client = await _host.JoinAsync();
        await client.SendTextAsync(sent);
        Assert.That((await client.ReceiveAsync()).GetRawText(), Is.EqualTo(expected));
    }

    [TestCase("""{""", "malformed")]
    [TestCase("", "malformed")]
    [TestCase("[]", "malformed")]
    [TestCase("42", "malformed")]
    [TestCase("null", "malformed")]
    [TestCase("""{"type":42}""", "malformed")]
    [TestCase("""{"type":"\ud800"}""", "malformed")]
    [TestCase("{}", "malformed")]
    [TestCase("""{"type":"subscribe","channel":42}""", "malformed")]
    [TestCase("""{"type":"subscribe","channels":"tasks"}""", "malformed")]
    [TestCase("""{"type":"subscribe","channels":[42]}""", "malformed")]
    [TestCase("""{"type":"ping","id":{}}""", "malformed")]
    [TestCase("""{"a":[[[[[[[[[[1]]]]]]]]]]}""", "malformed")]
    [TestCase("""{"type":"dance"}""", "unknown_type")]
    [TestCase("""{"type":"subscribe"}""", "invalid_channel")]
    [TestCase("""{"type":"subscribe","channel":"nowhere"}""", "invalid_channel")]
    [TestCase("""{"type":"subscribe","channel":"task:"}""", "invalid_channel")]
    [TestCase("""{"type":"subscribe","channel":"task:../x"}""", "invalid_channel")]
    [TestCase("""{"type":"message"}""", "malformed")]
    [TestCase("""{"type":"message","content":7}""", "malformed")]
    [TestCase("""{"type":"chat.message","content":"hello","conversation_id":7}""", "malformed")]
    [TestCase("""{"type":"stop","task_id":1}""", "malformed")]
    [TestCase("""{"type":"task.input","task_id":"1"}""", "malformed")]
    public async Task Nonsense_is_answered_and_the_connection_stays(string sent, string code)
    {
        await using var client = await _host.JoinAsync();
        await client.SendTextAsync(sent);
        Assert.That((await client.ReceiveAsync("error")).Text("code"), Is.EqualTo(code));
        await client.SendTextAsync("ping");
        await client.ReceiveAsync("pong");
    }

    [Test]
    public async Task No_text_whatever_ends_a_connection()
    {
        await using var client = await _host.JoinAsync();
        Prop.ForAll<string?>(text =>
        {
            // The runner of properties is synchronous.
            client.SendAsync(Encoding.UTF8.GetBytes(text ?? ""), WebSocketMessageType.Text).GetAwaiter().GetResult();
            Assert.That(client.ReceiveAsync().GetAwaiter().GetResult().Type(), Is.EqualTo("error"));
        }).QuickCheckThrowOnFailure();
    }

    [Test]
    public async Task Answers_carry_the_id_of_the_question()
    {
        await using var client = await _host.JoinAsync();
        await client.SendTextAsync("""{"type":"subscribe","channel":"tasks","id":7}""");
        await client.ReceiveAsync("subscribed");
        Assert.That((await client.ReceiveAsync("ack")).GetProperty("id").GetInt32(), Is.EqualTo(7));

        await client.SendTextAsync("""{"type":"subscribe","channel":"nowhere","id":"a\"b"}""");
        var error = await client.ReceiveAsync("error");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Text("id"), Is.EqualTo("a\"b"));
            Assert.That(error.Text("channel"), Is.EqualTo("nowhere"));
        }
    }

    [Test]
    public async Task One_frame_subscribes_to_many_channels_each_answered_by_itself_and_bounded()
    {
        await using var client = await _host.JoinAsync();
        var channels = new[] { "task:1", "task:2", "task:/", "task:3", "tasks", "system" };
        await client.SendAsync(new { type = "subscribe", channels = channels.Select(channel => new { channel }), id = 1 });
        var answers = new List<string?>();
        foreach (var _ in channels)
        {
            var answer = await client.ReceiveAsync();
            answers.Add(answer.Text("code") ?? answer.Type());
        }

        Assert.That(answers, Is.EqualTo(["subscribed", "subscribed", "invalid_channel", "subscribed", "subscribed", "too_many_subscriptions"]));

        // Nothing was acknowledged, as not all was done; and an old subscription may be renewed although there is no room for a new one.
        await client.SubscribeAsync("task:1");
        await client.SendAsync(new { type = "subscribe", channels = Enumerable.Range(0, 101).Select(i => new { channel = $"task:{i}" }) });
        Assert.That((await client.ReceiveAsync("error")).Text("code"), Is.EqualTo("too_many_channels"));
    }

    [Test]
    public async Task A_position_that_cannot_be_read_is_an_error_of_that_channel_alone()
    {
        await using var host = await HubHost.StartAsync();
        await using var client = await host.JoinAsync();
        host.WhileReadingPosition = () => throw new TimeoutException();
        await client.SendTextAsync("""{"type":"subscribe","channel":"tasks"}""");
        Assert.That((await client.ReceiveAsync("error")).Text("code"), Is.EqualTo("unavailable"));
        Assert.That(host.Hub.Channels, Is.Zero);
        host.WhileReadingPosition = () => Task.CompletedTask;
        await client.SubscribeAsync("tasks");
    }

    [Test]
    public async Task Binary_messages_are_refused_and_the_connection_stays()
    {
        await using var client = await _host.JoinAsync();
        await client.SendAsync(new byte[] { 1, 2, 3 }, WebSocketMessageType.Binary);
        Assert.That((await client.ReceiveAsync("error")).Text("code"), Is.EqualTo("binary_not_supported"));
        await client.SendTextAsync("ping");
        await client.ReceiveAsync("pong");
    }

    [Test]
    public async Task A_frame_over_64_KB_is_told_so_and_ends_the_connection()
    {
        using var client = await RawClient.JoinAsync(_host.Address);
        await client.SendTextAsync(new string('x', 200_000));
        var (code, before) = await client.ReadCloseAsync();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(before.Single().Text("code"), Is.EqualTo("too_large"));
            Assert.That(code, Is.EqualTo(CloseCodes.MessageTooBig));
        }
    }

    [TestCase(0x40, 1002)]
    [TestCase(0, 1007)]
    public async Task A_violation_closes_with_its_code(int reservedBits, int code)
    {
        using var client = await RawClient.JoinAsync(_host.Address);
        await client.SendAsync(ClientFrames.Encode(Opcode.Text, [0xFF], reservedBits: (byte)reservedBits));
        Assert.That((await client.ReadCloseAsync()).Code, Is.EqualTo(code));
    }

    [Test]
    public async Task Pings_are_answered_with_their_payload_between_fragments_too()
    {
        using var client = await RawClient.JoinAsync(_host.Address);
        await client.SendAsync(ClientFrames.Encode(Opcode.Text, "pi"u8, isFinal: false));
        await client.SendAsync(ClientFrames.Encode(Opcode.Ping, "payload"u8));
        Assert.That(await client.ReadFrameAsync(), Is.EqualTo((Opcode.Pong, "payload"u8.ToArray())).Using<(Opcode, byte[])>(
            (left, right) => left.Item1 == right.Item1 && left.Item2.SequenceEqual(right.Item2)));
        await client.SendAsync(ClientFrames.Encode(Opcode.Continuation, "ng"u8));
        Assert.That((await client.ReadJsonAsync()).Type(), Is.EqualTo("pong"));
    }

    [TestCase(new byte[] { 0x03, 0xE8 }, 1000)]
    [TestCase(new byte[] { 0x0F, 0xA0, (byte)'b', (byte)'y', (byte)'e' }, 4000)]
    [TestCase(new byte[0], 1005)]
    [TestCase(new byte[] { 0x03 }, 1002)]
    [TestCase(new byte[] { 0x03, 0xED }, 1002)]
    [TestCase(new byte[] { 0x03, 0xE8, 0xFF }, 1007)]
    public async Task A_close_is_answered_with_its_own_code_or_with_what_is_wrong_about_it(byte[] payload, int expected)
    {
        using var client = await RawClient.JoinAsync(_host.Address);
        await client.SendAsync(ClientFrames.Encode(Opcode.Close, payload));
        Assert.That((await client.ReadCloseAsync()).Code, Is.EqualTo(expected));
    }

    [Test]
    public async Task Too_many_frames_are_refused_and_a_flood_ends_the_connection()
    {
        await using var host = await HubHost.StartAsync(new { FramesPerSecond = 1, FrameBurst = 3 });
        using var client = await RawClient.JoinAsync(host.Address);
        for (var i = 0; i < 30; i++)
        {
            await client.SendTextAsync("ping");
        }

        var (code, before) = await client.ReadCloseAsync();
        var answers = before.ConvertAll(frame => frame.Text("code") ?? frame.Type());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answers.Take(3), Is.All.EqualTo("pong"));
            Assert.That(answers.Count(answer => answer == "too_fast"), Is.GreaterThanOrEqualTo(9));
            Assert.That(code, Is.EqualTo(CloseCodes.TooMany));
        }
    }

    [Test]
    public async Task A_frame_that_came_too_fast_is_named_by_its_id()
    {
        await using var host = await HubHost.StartAsync(new { FramesPerSecond = 1, FrameBurst = 1 });
        await using var client = await host.JoinAsync();
        await client.SendTextAsync("""{"type":"subscribe","channel":"tasks","id":1}""");
        await client.SendTextAsync("""{"type":"subscribe","channel":"cli","id":2}""");
        await client.ReceiveAsync("subscribed");
        await client.ReceiveAsync("ack");
        var error = await client.ReceiveAsync("error");
        Assert.That((error.Text("code"), error.GetProperty("id").GetInt32()), Is.EqualTo(("too_fast", 2)));
        Assert.That(host.Hub.Subscriptions, Is.EqualTo(1));
    }

    [Test]
    public async Task Too_many_bytes_are_refused_and_a_flood_of_them_ends_the_connection()
    {
        await using var host = await HubHost.StartAsync(new { BytesPerSecond = 10_000, ByteBurst = 64 << 10 });
        using var client = await RawClient.JoinAsync(host.Address);
        var padding = new string('x', 60_000);
        for (var id = 1; id <= 4; id++)
        {
            await client.SendTextAsync($$"""{"type":"ping","id":{{id}},"padding":"{{padding}}"}""");
        }

        var (code, before) = await client.ReadCloseAsync();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(before.Select(frame => frame.Text("code") ?? frame.Type()), Is.EqualTo(["pong", "ack", "too_fast"]));
            Assert.That(before[^1].GetProperty("id").GetInt32(), Is.EqualTo(2));
            Assert.That(code, Is.EqualTo(CloseCodes.TooMany));
        }
    }

    [Test]
    public async Task Messages_look_as_documented()
    {
        await using var client = await _host.JoinAsync();
        await client.SubscribeAsync("task:7");
        await client.SubscribeAsync("system");
        var data = JsonElement.Parse("""{"name":"Bash","input":{"command":"ls"}}""");
        _host.Publish("task:7", 1, new TaskOutputMessage("7", "\e[31mред\n", OutputKinds.ToolCall, data));
        _host.Publish("task:7", 2, new TaskStatusMessage(
            "7", AgentTaskStatus.Completed, AgentTaskStatus.Running, 3, "conv-1", "brain", "chat", 0.25m, 10, 20, 1.5, "none"));
        _host.Publish("task:7", null, new GapMessage(null, null, GapReasons.SourceInterrupted, null));
        string[] expected =
        [
            """{"type":"task_output","channel":"task:7","offset":1,"timestamp":"2026-11-20T10:00:00Z","task_id":"7","output":"\u001b[31mред\n","kind":"tool_call","data":{"name":"Bash","input":{"command":"ls"}}}""",
            """{"type":"task_status","channel":"task:7","offset":2,"timestamp":"2026-11-20T10:00:00Z","task_id":"7","status":"completed","previous":"running","version":3,"conversation_id":"conv-1","assigned_agent":"brain","source":"chat","cost_usd":0.25,"input_tokens":10,"output_tokens":20,"duration_seconds":1.5,"error":"none"}""",
            """{"type":"gap","channel":"task:7","timestamp":"2026-11-20T10:00:00Z","reason":"source_interrupted"}""",
        ];
        foreach (var frame in expected)
        {
            Assert.That((await client.ReceiveAsync()).GetRawText(), Is.EqualTo(frame).IgnoreCase);
        }

        _host.Publish("system", null, new SystemMessage("redis_away", "since now"));
        Assert.That(
            (await client.ReceiveAsync()).GetRawText(),
            Is.EqualTo("""{"type":"system","channel":"system","timestamp":"2026-11-20T10:00:00Z","state":"redis_away","detail":"since now"}"""));
    }

    [Test]
    public async Task Existing_clients_get_what_they_always_got_without_asking()
    {
        await using var host = await HubHost.StartAsync();
        await using var client = await host.JoinAsync("/ws/dashboard");
        Assert.That((await client.ReceiveAsync("subscribed")).Text("channel"), Is.EqualTo("tasks"));
        Assert.That((await client.ReceiveAsync("subscribed")).Text("channel"), Is.EqualTo("cli"));

        host.Publish("tasks", 1, new TaskStatusMessage("7", AgentTaskStatus.Running, null, 1, null, null, "unknown", null, null, null, null, null));
        var status = await client.ReceiveAsync("task_status");
        host.Publish("cli", null, new CliStatusMessage(true));
        var cli = await client.ReceiveAsync("cli_status_update");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(status.GetProperty("conversation_id").ValueKind, Is.EqualTo(JsonValueKind.Null));
            Assert.That(status.Text("status"), Is.EqualTo("running"));
            Assert.That(cli.GetProperty("session_id").ValueKind, Is.EqualTo(JsonValueKind.Null));
            Assert.That(cli.GetProperty("active").GetBoolean(), Is.True);
        }
    }
}
