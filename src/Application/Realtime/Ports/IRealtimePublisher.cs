using GrooteDashboard.Application.Realtime.Contracts;

namespace GrooteDashboard.Application.Realtime.Ports;

/// <summary>Hands messages to everyone who watches a channel. The WebSocket hub implements it.</summary>
public interface IRealtimePublisher
{
    /// <summary>
    /// Never waits for a client and never throws for one. Calls for one channel come from one caller at a time, in the order of their offsets.
    /// </summary>
    void Publish(in ChannelFrame frame);

    /// <summary>
    /// What came together has all been published: whoever collects it need not wait for more of it. To be called after the last of a batch; where
    /// it is left out, messages are a moment later.
    /// </summary>
    void EndRound()
    {
        // Nothing to do for a publisher that collects nothing.
    }

    /// <summary>
    /// The channel's history was lost: what comes next has offsets of another epoch, from after <paramref name="position"/>. Called in the place
    /// that it has between the messages of the channel.
    /// </summary>
    void ChannelReset(string channel, ChannelPosition position)
    {
        // Nothing to do for a publisher whose history cannot be lost while it lives.
    }
}
