using GrooteDashboard.Application.Realtime.Contracts;

namespace GrooteDashboard.Application.Realtime.Ports;

/// <summary>Where the channels stand.</summary>
public interface IChannelPositions
{
    /// <summary>
    /// The head of a channel: a message with a greater offset is published after this call began.
    /// (0 for a channel without a sequence or without a message yet.)
    /// </summary>
    ValueTask<ChannelPosition> GetAsync(string channel, CancellationToken cancellationToken);
}
