namespace GrooteDashboard.Application.Realtime.Ports;

/// <summary>How far the producers' stream has been read.</summary>
public interface ISourceProgress
{
    /// <summary>Whether everything that the stream held at that moment has been taken in (always true where there is no stream).</summary>
    bool HasReadUpTo(DateTimeOffset moment);
}
