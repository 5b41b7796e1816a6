namespace GrooteDashboard.Application.Realtime.Ingest;

/// <summary>What a producer sent, as it came.</summary>
/// <param name="Size">Bytes of the payload as it was sent.</param>
public abstract record ProducerMessage(long Size);

/// <summary>A message of the producers' pub/sub.</summary>
/// <param name="Channel">The channel's name.</param>
/// <param name="Payload">What was published; may be left out where <see cref="ProducerMessage.Size"/> is over the limit.</param>
/// <param name="Size">Bytes as published.</param>
public sealed record ChannelMessage(string Channel, ReadOnlyMemory<byte> Payload, long Size) : ProducerMessage(Size)
{
    public ChannelMessage(string channel, ReadOnlyMemory<byte> payload)
        : this(channel, payload, payload.Length)
    {
    }
}

/// <summary>An entry of the stream <c>task_events</c>.</summary>
/// <param name="EntryId">The entry's id: milliseconds, a dash, a number.</param>
/// <param name="Type">What happened, such as <c>task:tool_call</c>.</param>
/// <param name="Timestamp">When, as the producer says.</param>
/// <param name="TaskId">The task, where the entry itself names one.</param>
/// <param name="Data">JSON text; may be left out where <see cref="ProducerMessage.Size"/> is over the limit.</param>
/// <param name="Size">Bytes of all fields.</param>
public sealed record StreamEvent(
    string EntryId,
    string? Type,
    string? Timestamp,
    string? TaskId,
    ReadOnlyMemory<byte> Data,
    long Size) : ProducerMessage(Size);
