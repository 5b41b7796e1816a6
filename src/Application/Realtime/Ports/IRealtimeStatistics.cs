namespace GrooteDashboard.Application.Realtime.Ports;

/// <summary>Who is watching.</summary>
public interface IRealtimeStatistics
{
    int Connections { get; }

    int Subscriptions { get; }
}
