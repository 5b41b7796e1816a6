using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.System.Ports;
using GrooteDashboard.Application.Tasks.Ports;
using MediatR;

namespace GrooteDashboard.Application.System.Queries;

/// <summary>How the service is.</summary>
public sealed record GetHealthQuery : IQuery<ServiceHealth>;

/// <param name="Ready">Whether every part that the service needs is there.</param>
/// <param name="QueueLength">Tasks that wait in the agents' queue; 0 while that cannot be known.</param>
/// <param name="Connections">Open WebSocket connections.</param>
/// <param name="Subscriptions">Their subscriptions.</param>
/// <param name="Components">The parts by name.</param>
public sealed record ServiceHealth(
    bool Ready, long QueueLength, int Connections, int Subscriptions, IReadOnlyDictionary<string, ComponentHealth> Components);

internal sealed class GetHealthHandler(IEnumerable<IComponentHealth> components, IAgentQueue queue, IRealtimeStatistics realtime)
    : IRequestHandler<GetHealthQuery, ServiceHealth>
{
    public async Task<ServiceHealth> Handle(GetHealthQuery query, CancellationToken cancellationToken)
    {
        var states = components.ToDictionary(component => component.Name, component => component.Current);
        return new ServiceHealth(
            states.Values.All(state => state.Ready),
            await queue.GetLengthAsync(cancellationToken) ?? 0,
            realtime.Connections,
            realtime.Subscriptions,
            states);
    }
}
