namespace GrooteDashboard.Application.System.Ports;

/// <summary>A part of the service that can be up or down, such as PostgreSQL, Redis or the ingest of the producers' messages.</summary>
public interface IComponentHealth
{
    /// <summary>Name in health answers, such as <c>redis</c>.</summary>
    string Name { get; }

    /// <summary>The state as the component knows it now: no I/O, cheap enough for every request.</summary>
    ComponentHealth Current { get; }
}

/// <param name="Status">One word: up, down, disabled, running, waiting, …</param>
/// <param name="Since">When it came into this state.</param>
/// <param name="Ready">Whether the service can do its job with it in this state.</param>
/// <param name="Figures">Counts and depths by their name on the wire (snake_case).</param>
public sealed record ComponentHealth(string Status, DateTimeOffset Since, bool Ready, IReadOnlyDictionary<string, long> Figures)
{
    public static IReadOnlyDictionary<string, long> NoFigures { get; } = new Dictionary<string, long>();
}
