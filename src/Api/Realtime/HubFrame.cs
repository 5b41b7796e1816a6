namespace GrooteDashboard.Api.Realtime;

/// <summary>A message as a ready WebSocket frame, shared by reference by everyone who gets it.</summary>
/// <param name="Bytes">The frame, never changed.</param>
/// <param name="Offset">Its place in the channel's sequence, if it has one.</param>
/// <param name="LatestKey">Where only the newest matters: the key under which a waiting frame is replaced. Null: every frame is sent.</param>
/// <param name="PublishedAt">Timestamp of the publish.</param>
internal readonly record struct HubFrame(byte[] Bytes, long? Offset, string? LatestKey, long PublishedAt);
