using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.System.Ports;
using GrooteDashboard.Application.Tasks.Ports;

namespace GrooteDashboard.UnitTests.Embedding;

/// <summary>A host without an agents' queue, without a producers' stream and without viewers.</summary>
internal sealed class QuietSurroundings : IAgentQueue, ISourceProgress, IRealtimeStatistics, IComponentHealth
{
    /// <summary>Up to when the producers' stream was read.</summary>
    public DateTimeOffset ReadUpTo { get; set; } = DateTimeOffset.MaxValue;

    public int Connections => 0;

    public long? JoinsOf(string channel) => null;

    public int Subscriptions => 0;

    public string Name => "memory";

    public ComponentHealth Current => new("up", ManualTime.Start, Ready: true, ComponentHealth.NoFigures);

    public ValueTask<long?> GetLengthAsync(CancellationToken cancellationToken) => new((long?)null);

    public bool HasReadUpTo(DateTimeOffset moment) => moment <= ReadUpTo;
}
