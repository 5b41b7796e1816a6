namespace GrooteDashboard.Application.Realtime.Ports;

/// <summary>Who is watching.</summary>
public interface IRealtimeStatistics
{
    int Connections { get; }

    int Subscriptions { get; }

    /// <summary>How often somebody began to watch the channel; it grows as long as somebody does. Null while nobody does.</summary>
    long? JoinsOf(string channel);
}
