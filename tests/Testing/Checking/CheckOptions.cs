namespace GrooteDashboard.Testing.Checking;

/// <summary>What happens to the service while it works.</summary>
[Flags]
public enum Faults
{
    None = 0,

    /// <summary>Redis is killed and started again on its data, shut down, and paused.</summary>
    Redis = 1,

    /// <summary>Instances are killed and started again.</summary>
    Instance = 2,

    /// <summary>Connections of clients are cut, also in the middle of a frame.</summary>
    Clients = 4,

    All = Redis | Instance | Clients,
}

/// <summary>How output comes in.</summary>
public enum ProducerKind
{
    /// <summary>Half by the stream <c>task_events</c>, half by HTTP; both repeat what was not acknowledged, under the same id.</summary>
    Lossless,

    /// <summary>By <c>PUBLISH</c>: at most once. What nobody heard is gone.</summary>
    PubSub,
}

/// <summary>A run of the checker.</summary>
public sealed record CheckOptions
{
    /// <summary>How long output is produced.</summary>
    public int Seconds { get; init; } = 60;

    public int Tasks { get; init; } = 200;

    /// <summary>Chunks of output per second, over all tasks.</summary>
    public int Rate { get; init; } = 2_000;

    /// <summary>Server processes on one PostgreSQL and one Redis.</summary>
    public int Instances { get; init; } = 3;

    /// <summary>Clients per task. Each watches two tasks.</summary>
    public int ClientsPerTask { get; init; } = 1;

    public ProducerKind Producer { get; init; } = ProducerKind.Lossless;

    public Faults Faults { get; init; } = Faults.All;

    /// <summary>The same seed gives the same faults at the same times.</summary>
    public int Seed { get; init; }
}
