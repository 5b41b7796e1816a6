namespace GrooteDashboard.Application.Realtime.Contracts;

/// <summary>A message on a channel.</summary>
/// <param name="Channel">The channel's name.</param>
/// <param name="Offset">Place in the channel's sequence for lossless messages, from 1; null for messages outside of it.</param>
/// <param name="Timestamp">When it happened.</param>
/// <param name="Message">What it says.</param>
public readonly record struct ChannelFrame(string Channel, long? Offset, DateTimeOffset Timestamp, RealtimeMessage Message);

/// <summary>The head of a channel: the next lossless message has <c>Offset + 1</c>.</summary>
/// <param name="Epoch">Changes only when history is lost; offsets of different epochs cannot be compared.</param>
/// <param name="Offset">Offset of the newest message, 0 where there was none.</param>
public readonly record struct ChannelPosition(string Epoch, long Offset);
