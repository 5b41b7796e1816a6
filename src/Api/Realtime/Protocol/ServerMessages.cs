using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using GrooteDashboard.Api.Json;
using GrooteDashboard.Api.Realtime.Sockets;
using GrooteDashboard.Application.Conversations.Commands;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Api.Realtime.Protocol;

/// <summary>Everything the server says, as ready frames (docs/protocol/websocket.md).</summary>
internal static class ServerMessages
{
    /// <summary>A page of the log has at most so many entries: a longer gap is filled page by page.</summary>
    private const int MaxFillLimit = 5_000;

    private const int MaxKeptBuffer = 1 << 20;

    // Nothing here is put into HTML; the plain encoder escapes less, and text in other scripts stays short.
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private static readonly JsonSerializerOptions AsOverRest = JsonSetup.Apply(new JsonSerializerOptions(JsonSerializerDefaults.Web));

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _json;

    public static byte[] Connected(string clientId, TimeSpan heartbeat)
    {
        var writer = Begin(Names.Connected);
        writer.WriteString(Names.ClientId, clientId);
        writer.WriteNumber(Names.HeartbeatSeconds, heartbeat.TotalSeconds);
        return End(writer);
    }

    /// <param name="channel">The channel.</param>
    /// <param name="position">The next lossless message has the offset after it.</param>
    /// <param name="recovered">Whether nothing was missed since the position that the client named; null if it named none.</param>
    public static byte[] Subscribed(string channel, ChannelPosition position, bool? recovered)
    {
        var writer = Begin(Names.Subscribed);
        writer.WriteString(Names.Channel, channel);
        writer.WriteString(Names.Epoch, position.Epoch);
        writer.WriteNumber(Names.Offset, position.Offset);
        if (recovered is { } value)
        {
            writer.WriteBoolean(Names.Recovered, value);
        }

        return End(writer);
    }

    public static byte[] Unsubscribed(string channel)
    {
        var writer = Begin(Names.Unsubscribed);
        writer.WriteString(Names.Channel, channel);
        return End(writer);
    }

    public static byte[] Pong() => End(Begin(Names.Pong));

    /// <param name="id">The client's id as raw JSON; a command is acknowledged without one, too.</param>
    /// <param name="sent">What a message has created: the client may not know yet where to listen.</param>
    public static byte[] Ack(string? id, SentMessage? sent = null)
    {
        var writer = Begin(Names.Ack);
        if (id is not null)
        {
            WriteId(writer, id);
        }

        if (sent is not null)
        {
            writer.WriteString(Names.ConversationId, sent.ConversationId);
            writer.WriteString(Names.MessageId, sent.MessageId);
            writer.WriteString(Names.TaskId, sent.TaskId);
        }

        return End(writer);
    }

    public static byte[] Error(string code, string text, string? id = null, string? channel = null)
    {
        var writer = Begin(Names.Error);
        writer.WriteString(Names.Code, code);
        writer.WriteString(Names.Message, text);
        if (channel is not null)
        {
            writer.WriteString(Names.Channel, channel);
        }

        if (id is not null)
        {
            WriteId(writer, id);
        }

        return End(writer);
    }

    public static byte[] Draining(int reconnectWithinSeconds)
    {
        var writer = Begin(Names.Draining);
        writer.WriteNumber(Names.ReconnectWithinSeconds, reconnectWithinSeconds);
        return End(writer);
    }

    /// <summary>What the client does not get, and where to fetch it. Where <paramref name="to"/> is before <paramref name="from"/>, nobody knows what it was.</summary>
    public static byte[] Gap(string channel, long from, long to, string reason)
    {
        var writer = Begin(Names.Gap);
        writer.WriteString(Names.Channel, channel);
        WriteGap(writer, new GapMessage(to < from ? null : from, to < from ? null : to, reason, FillAddress(channel, from, to)));
        return End(writer);
    }

    /// <summary>Under which key a waiting frame is replaced by a newer one: a state, not a story.</summary>
    public static string? LatestKey(in ChannelFrame frame) => frame is { Message: CliStatusMessage or StatsMessage, Offset: null } ? frame.Channel : null;

    public static byte[] Encode(in ChannelFrame frame)
    {
        var writer = Begin(frame.Message switch
        {
            TaskOutputMessage => Names.TaskOutput,
            TaskStatusMessage => Names.TaskStatus,
            ConversationMessage => Names.Message,
            CliStatusMessage => Names.CliStatusUpdate,
            SystemMessage => Names.System,
            StatsMessage => Names.Stats,
            BudgetTripMessage => Names.BudgetTrip,
            GapMessage => Names.Gap,
            _ => throw new ArgumentException($"There is no frame for {frame.Message.GetType().Name}.", nameof(frame)),
        });
        writer.WriteString(Names.Channel, frame.Channel);
        if (frame.Offset is { } offset)
        {
            writer.WriteNumber(Names.Offset, offset);
        }

        writer.WriteString(Names.Timestamp, frame.Timestamp.UtcDateTime);
        switch (frame.Message)
        {
            case TaskOutputMessage output:
                WriteOutput(writer, output);
                break;
            case TaskStatusMessage status:
                WriteStatus(writer, status);
                break;
            case ConversationMessage message:
                WriteMessage(writer, message);
                break;
            case CliStatusMessage cli:
                writer.WriteNull(Names.SessionId);
                writer.WriteBoolean(Names.Active, cli.Active);
                break;
            case SystemMessage system:
                writer.WriteString(Names.State, system.State);
                writer.WriteString(Names.Detail, system.Detail);
                break;
            case StatsMessage stats:
                writer.WritePropertyName(Names.Data);
                JsonSerializer.Serialize(writer, stats.Summary, AsOverRest);
                break;
            case BudgetTripMessage budget:
                writer.WritePropertyName(Names.Data);
                JsonSerializer.Serialize(writer, budget.Trip, AsOverRest);
                break;
            case GapMessage gap:
                WriteGap(writer, gap);
                break;
        }

        return End(writer);
    }

    private static void WriteOutput(Utf8JsonWriter writer, TaskOutputMessage message)
    {
        writer.WriteString(Names.TaskId, message.TaskId);
        writer.WriteString(Names.Output, message.Output);
        writer.WriteString(Names.Kind, message.Kind);
        if (message.Data is { ValueKind: JsonValueKind.Object } data)
        {
            writer.WritePropertyName(Names.Data);
            data.WriteTo(writer);
        }
    }

    private static void WriteStatus(Utf8JsonWriter writer, TaskStatusMessage message)
    {
        writer.WriteString(Names.TaskId, message.TaskId);
        writer.WriteString(Names.Status, message.Status.Name());
        WriteOptional(writer, Names.Previous, message.Previous?.Name());
        writer.WriteNumber(Names.Version, message.Version);

        // Existing clients expect it even when there is none.
        writer.WriteString(Names.ConversationId, message.ConversationId);
        WriteOptional(writer, Names.AssignedAgent, message.AssignedAgent);
        writer.WriteString(Names.Source, message.Source);
        if (message.CostUsd is { } cost)
        {
            writer.WriteNumber(Names.CostUsd, cost);
        }

        WriteOptional(writer, Names.InputTokens, message.InputTokens);
        WriteOptional(writer, Names.OutputTokens, message.OutputTokens);
        if (message.DurationSeconds is { } duration)
        {
            writer.WriteNumber(Names.DurationSeconds, duration);
        }

        WriteOptional(writer, Names.Error, message.Error);
    }

    private static void WriteMessage(Utf8JsonWriter writer, ConversationMessage message)
    {
        writer.WriteString(Names.MessageId, message.MessageId);
        writer.WriteString(Names.ConversationId, message.ConversationId);
        writer.WriteString(Names.Role, message.Role);
        writer.WriteString(Names.Content, message.Content);
        WriteOptional(writer, Names.TaskId, message.TaskId);
        writer.WriteString(Names.CreatedAt, message.CreatedAt.UtcDateTime);
        writer.WritePropertyName(Names.Metadata);
        message.Metadata.WriteTo(writer);
        if (message.Truncated)
        {
            writer.WriteBoolean(Names.Truncated, true);
        }
    }

    private static void WriteGap(Utf8JsonWriter writer, GapMessage gap)
    {
        WriteOptional(writer, Names.From, gap.From);
        WriteOptional(writer, Names.To, gap.To);
        writer.WriteString(Names.Reason, gap.Reason);
        WriteOptional(writer, Names.Fill, gap.Fill);
    }

    private static string? FillAddress(string channel, long from, long to)
    {
        if (channel == Channels.Tasks)
        {
            return "/api/tasks";
        }

        var log = Channels.TryGetTaskId(channel, out var taskId) ? $"/api/tasks/{Uri.EscapeDataString(taskId)}/log"
            : Channels.TryGetConversationId(channel, out var conversationId) ? $"/api/conversations/{Uri.EscapeDataString(conversationId)}/log"
            : null;
        return log is null || to < from
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{log}?after={from - 1}&limit={Math.Min(to - from + 1, MaxFillLimit)}");
    }

    private static void WriteId(Utf8JsonWriter writer, string id)
    {
        writer.WritePropertyName(Names.Id);
        writer.WriteRawValue(id);
    }

    private static void WriteOptional(Utf8JsonWriter writer, JsonEncodedText name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }

    private static void WriteOptional(Utf8JsonWriter writer, JsonEncodedText name, long? value)
    {
        if (value is not null)
        {
            writer.WriteNumber(name, value.Value);
        }
    }

    private static Utf8JsonWriter Begin(JsonEncodedText type)
    {
        if (_buffer is null || _buffer.Capacity > MaxKeptBuffer)
        {
            _buffer = new ArrayBufferWriter<byte>(1024);
        }

        _buffer.ResetWrittenCount();
        _json ??= new Utf8JsonWriter(_buffer, Relaxed);
        _json.Reset(_buffer);
        _json.WriteStartObject();
        _json.WriteString(Names.Type, type);
        return _json;
    }

    private static byte[] End(Utf8JsonWriter writer)
    {
        writer.WriteEndObject();
        writer.Flush();
        return FrameEncoder.Text(_buffer!.WrittenSpan);
    }

    /// <summary>The words of the protocol, encoded once.</summary>
    private static class Names
    {
        public static readonly JsonEncodedText Type = JsonEncodedText.Encode("type");
        public static readonly JsonEncodedText Connected = JsonEncodedText.Encode("connected");
        public static readonly JsonEncodedText Subscribed = JsonEncodedText.Encode("subscribed");
        public static readonly JsonEncodedText Unsubscribed = JsonEncodedText.Encode("unsubscribed");
        public static readonly JsonEncodedText Pong = JsonEncodedText.Encode("pong");
        public static readonly JsonEncodedText Ack = JsonEncodedText.Encode("ack");
        public static readonly JsonEncodedText Error = JsonEncodedText.Encode("error");
        public static readonly JsonEncodedText Draining = JsonEncodedText.Encode("draining");
        public static readonly JsonEncodedText Gap = JsonEncodedText.Encode("gap");
        public static readonly JsonEncodedText TaskOutput = JsonEncodedText.Encode("task_output");
        public static readonly JsonEncodedText TaskStatus = JsonEncodedText.Encode("task_status");
        public static readonly JsonEncodedText CliStatusUpdate = JsonEncodedText.Encode("cli_status_update");
        public static readonly JsonEncodedText Stats = JsonEncodedText.Encode("stats");
        public static readonly JsonEncodedText System = JsonEncodedText.Encode("system");

        public static readonly JsonEncodedText Active = JsonEncodedText.Encode("active");
        public static readonly JsonEncodedText AssignedAgent = JsonEncodedText.Encode("assigned_agent");
        public static readonly JsonEncodedText BudgetTrip = JsonEncodedText.Encode("budget_trip");
        public static readonly JsonEncodedText Channel = JsonEncodedText.Encode("channel");
        public static readonly JsonEncodedText ClientId = JsonEncodedText.Encode("client_id");
        public static readonly JsonEncodedText Code = JsonEncodedText.Encode("code");
        public static readonly JsonEncodedText Content = JsonEncodedText.Encode("content");
        public static readonly JsonEncodedText ConversationId = JsonEncodedText.Encode("conversation_id");
        public static readonly JsonEncodedText CostUsd = JsonEncodedText.Encode("cost_usd");
        public static readonly JsonEncodedText CreatedAt = JsonEncodedText.Encode("created_at");
        public static readonly JsonEncodedText Data = JsonEncodedText.Encode("data");
        public static readonly JsonEncodedText Detail = JsonEncodedText.Encode("detail");
        public static readonly JsonEncodedText DurationSeconds = JsonEncodedText.Encode("duration_seconds");
        public static readonly JsonEncodedText Epoch = JsonEncodedText.Encode("epoch");
        public static readonly JsonEncodedText Fill = JsonEncodedText.Encode("fill");
        public static readonly JsonEncodedText From = JsonEncodedText.Encode("from");
        public static readonly JsonEncodedText HeartbeatSeconds = JsonEncodedText.Encode("heartbeat_seconds");
        public static readonly JsonEncodedText Id = JsonEncodedText.Encode("id");
        public static readonly JsonEncodedText InputTokens = JsonEncodedText.Encode("input_tokens");
        public static readonly JsonEncodedText Kind = JsonEncodedText.Encode("kind");
        public static readonly JsonEncodedText Message = JsonEncodedText.Encode("message");
        public static readonly JsonEncodedText MessageId = JsonEncodedText.Encode("message_id");
        public static readonly JsonEncodedText Metadata = JsonEncodedText.Encode("metadata");
        public static readonly JsonEncodedText Offset = JsonEncodedText.Encode("offset");
        public static readonly JsonEncodedText Output = JsonEncodedText.Encode("output");
        public static readonly JsonEncodedText OutputTokens = JsonEncodedText.Encode("output_tokens");
        public static readonly JsonEncodedText Previous = JsonEncodedText.Encode("previous");
        public static readonly JsonEncodedText Reason = JsonEncodedText.Encode("reason");
        public static readonly JsonEncodedText Recovered = JsonEncodedText.Encode("recovered");
        public static readonly JsonEncodedText ReconnectWithinSeconds = JsonEncodedText.Encode("reconnect_within_seconds");
        public static readonly JsonEncodedText Role = JsonEncodedText.Encode("role");
        public static readonly JsonEncodedText SessionId = JsonEncodedText.Encode("session_id");
        public static readonly JsonEncodedText Source = JsonEncodedText.Encode("source");
        public static readonly JsonEncodedText State = JsonEncodedText.Encode("state");
        public static readonly JsonEncodedText Status = JsonEncodedText.Encode("status");
        public static readonly JsonEncodedText TaskId = JsonEncodedText.Encode("task_id");
        public static readonly JsonEncodedText Timestamp = JsonEncodedText.Encode("timestamp");
        public static readonly JsonEncodedText To = JsonEncodedText.Encode("to");
        public static readonly JsonEncodedText Truncated = JsonEncodedText.Encode("truncated");
        public static readonly JsonEncodedText Version = JsonEncodedText.Encode("version");
    }
}
