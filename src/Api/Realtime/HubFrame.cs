using GrooteDashboard.Api.Realtime.Sockets;

namespace GrooteDashboard.Api.Realtime;

/// <summary>A message, or several one after the other, as ready WebSocket frames: shared by reference by everyone who gets them.</summary>
/// <param name="Bytes">The frames, never changed.</param>
/// <param name="Offset">The place in the channel's sequence of the last of them that has one; null if none has.</param>
/// <param name="LatestKey">Where only the newest matters: the key under which a waiting frame is replaced. Null: every frame is sent.</param>
/// <param name="PublishedAt">Timestamp of the publish, of the oldest.</param>
/// <param name="Count">How many frames these are.</param>
internal readonly record struct HubFrame(byte[] Bytes, long? Offset, string? LatestKey, long PublishedAt, int Count = 1)
{
    /// <summary>One message in a compressed frame, for those who negotiated it.</summary>
    public HubFrame Deflated() => this with { Bytes = FrameEncoder.Deflate(Bytes) };

    /// <summary>The frames of a channel, in their order, as one.</summary>
    public static HubFrame Join(IReadOnlyList<HubFrame> frames)
    {
        if (frames.Count == 1)
        {
            return frames[0];
        }

        var length = 0;
        long? offset = null;
        for (var i = 0; i < frames.Count; i++)
        {
            length += frames[i].Bytes.Length;
            offset = frames[i].Offset ?? offset;
        }

        var bytes = GC.AllocateUninitializedArray<byte>(length);
        var written = 0;
        for (var i = 0; i < frames.Count; i++)
        {
            frames[i].Bytes.CopyTo(bytes, written);
            written += frames[i].Bytes.Length;
        }

        return new HubFrame(bytes, offset, null, frames[0].PublishedAt, frames.Count);
    }
}
