using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.System.Ports;
using GrooteDashboard.Application.Tasks.Ports;

namespace GrooteDashboard.UnitTests.Embedding;

/// <summary>A host without an agents' queue and without a producers' stream; nobody watches but what a test says.</summary>
internal sealed class QuietSurroundings : IAgentQueue, ISourceProgress, IRealtimeStatistics, IComponentHealth
{
    /// <summary>Up to when the producers' stream was read.</summary>
    public DateTimeOffset ReadUpTo { get; set; } = DateTimeOffset.MaxValue;

    private readonly TaskCompletionSource _askedAboutSystem = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A channel that is watched.</summary>
    public string? Watched { get; set; }

    /// <summary>Completes when somebody has asked whether <see cref="Channels.System"/> is watched.</summary>
    public Task AskedAboutSystem => _askedAboutSystem.Task;

    public int Connections => 0;

    public long? JoinsOf(string channel)
    {
        long? joins = channel == Watched ? 1 : null;
        if (channel == Channels.System)
        {
            _askedAboutSystem.TrySetResult();
        }

        return joins;
    }

    public int Subscriptions => 0;

    public string Name => "memory";

    public ComponentHealth Current => new("up", ManualTime.Start, Ready: true, ComponentHealth.NoFigures);

    public ValueTask<long?> GetLengthAsync(CancellationToken cancellationToken) => new((long?)null);

    public bool HasReadUpTo(DateTimeOffset moment) => moment <= ReadUpTo;
}
