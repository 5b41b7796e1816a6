using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Ports;
using MediatR;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.Application.Tasks.Queries;

/// <summary>The agents: those that are configured, then those that tasks show.</summary>
public sealed record ListAgentsQuery : IQuery<IReadOnlyList<Agent>>;

/// <param name="Name">Name, as tasks are assigned to it.</param>
/// <param name="AgentType">Its type.</param>
/// <param name="Description">One sentence; empty for an agent that only tasks show.</param>
/// <param name="IsBuiltin">Whether it is configured.</param>
public sealed record Agent(string Name, string AgentType, string Description, bool IsBuiltin);

internal sealed class ListAgentsHandler(ITaskReader tasks, IOptions<AgentOptions> options) : IRequestHandler<ListAgentsQuery, IReadOnlyList<Agent>>
{
    private const int MaxSeen = 500;

    public async Task<IReadOnlyList<Agent>> Handle(ListAgentsQuery query, CancellationToken cancellationToken)
    {
        var configured = options.Value.BuiltIn.Select(agent => new Agent(agent.Name, agent.AgentType, agent.Description, IsBuiltin: true)).ToList();
        var seen = await tasks.ListAgentsAsync(MaxSeen, cancellationToken);
        return [.. configured, .. seen.Where(name => configured.All(agent => agent.Name != name)).Select(name => new Agent(name, "custom", "", IsBuiltin: false))];
    }
}
