using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.System.Ports;
using GrooteDashboard.Application.Tasks.Ports;

namespace GrooteDashboard.Infrastructure.Redis;

/// <summary>In place of what needs Redis where none is configured: the service then takes in what comes over HTTP.</summary>
internal sealed class WithoutRedis : IAgentQueue, ISourceProgress
{
    public ValueTask<long?> GetLengthAsync(CancellationToken cancellationToken) => new((long?)null);

    public bool HasReadUpTo(DateTimeOffset moment) => true;
}

/// <summary>A part that is switched off by configuration, which is as it should be.</summary>
internal sealed class DisabledComponent(string name, TimeProvider time) : IComponentHealth
{
    private readonly DateTimeOffset _since = time.GetUtcNow();

    public string Name => name;

    public ComponentHealth Current => new("disabled", _since, Ready: true, ComponentHealth.NoFigures);
}
