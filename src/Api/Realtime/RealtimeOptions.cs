using System.ComponentModel.DataAnnotations;

namespace GrooteDashboard.Api.Realtime;

/// <summary>Bounds and times of the WebSocket edge (section <c>Realtime</c>).</summary>
internal sealed class RealtimeOptions
{
    public const string Section = "Realtime";

    /// <summary>Bytes that may wait for one client.</summary>
    [Range(64 << 10, 64 << 20)]
    public int OutboxBytes { get; init; } = 1 << 20;

    /// <summary>How long a message may wait for others of its channel, to leave together with them. Only those that come quickly after one another wait.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan MaxBatchDelay { get; init; } = TimeSpan.FromMilliseconds(13);

    /// <summary>Whether many clients are written to with one system call, where Linux allows it (io_uring).</summary>
    public bool IoUring { get; init; } = true;

    [Range(1, 100_000)]
    public int MaxSubscriptions { get; init; } = 1_000;

    [Range(1, 1_000_000)]
    public int MaxConnections { get; init; } = 20_000;

    /// <summary>Frames that a client may send, per second, in the long run.</summary>
    [Range(1, 100_000)]
    public int FramesPerSecond { get; init; } = 100;

    /// <summary>Frames that a client may send at once after a quiet spell.</summary>
    [Range(1, 100_000)]
    public int FrameBurst { get; init; } = 200;

    /// <summary>Bytes of messages that a client may send, per second, in the long run.</summary>
    [Range(1, 1 << 30)]
    public int BytesPerSecond { get; init; } = 256 << 10;

    /// <summary>Bytes that a client may send at once after a quiet spell: at least one message of the greatest length.</summary>
    [Range(64 << 10, 1 << 30)]
    public int ByteBurst { get; init; } = 1 << 20;

    /// <summary>Whether messages are compressed (permessage-deflate) for clients that offer it: less to send, for more work.</summary>
    public bool Compression { get; init; }

    /// <summary>How long a client may take to say who it is, where it has to.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan AuthTimeout { get; init; } = TimeSpan.FromSeconds(10);

    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>A client that takes nothing for so long is cut.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a closing handshake may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a channel's position, or a part of its history, may take to be read.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan SubscribeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Messages that a client which comes back may have missed and is still sent; with more it is told where to fetch them.</summary>
    [Range(0, 1_000_000)]
    public int MaxRecoverMessages { get; init; } = 5_000;

    /// <summary>Messages of a channel that a slow client may be behind; with more it is told where to fetch the older ones.</summary>
    [Range(2, 10_000_000)]
    public int MaxCatchUpMessages { get; init; } = 20_000;

    /// <summary>How long a message that was published may not be readable yet, before it counts as lost.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan CatchUpTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Reads of history under way at once, for all clients together.</summary>
    [Range(1, 1_000)]
    public int MaxHistoryReads { get; init; } = 8;

    /// <summary>How often connections are looked at for heartbeats and deadlines.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10")]
    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>On shutdown clients are asked to come back at a random moment within this time, or a longer one where they are many.</summary>
    [Range(1, 60)]
    public int ReconnectWithinSeconds { get; init; } = 5;

    /// <summary>How many clients may come back per second: it makes that time longer, up to a minute.</summary>
    [Range(1, 100_000)]
    public int ReconnectsPerSecond { get; init; } = 500;

    /// <summary>On shutdown clients are let go one after the other, over so long a time at most: with the closing handshakes less than a stop may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:08")]
    public TimeSpan DrainWindow { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Origins of pages that may connect, beside those of this host: <c>https://dash.example.com</c>.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];
}
