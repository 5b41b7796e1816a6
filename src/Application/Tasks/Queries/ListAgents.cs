using System.Text.Json.Serialization;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;
using MediatR;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.Application.Tasks.Queries;

/// <summary>The agents: those that are configured, then those that tasks show.</summary>
public sealed record ListAgentsQuery : IQuery<IReadOnlyList<Agent>>;

/// <param name="Name">Name, as tasks are assigned to it.</param>
/// <param name="AgentType">Its type.</param>
/// <param name="Description">One sentence; empty for an agent that only tasks show.</param>
/// <param name="IsBuiltin">Whether it is configured.</param>
/// <param name="Tasks">All its tasks.</param>
/// <param name="RecentTasks">Those that were created in the last 24 hours.</param>
/// <param name="ByStatus">All its tasks by the name of their status.</param>
/// <param name="CostUsd">US dollars, of all its tasks.</param>
/// <param name="LastSeenAt">When the newest of them was created.</param>
public sealed record Agent(
    string Name,
    string AgentType,
    string Description,
    bool IsBuiltin,
    long Tasks,
    [property: JsonPropertyName("tasks_24h")] long RecentTasks,
    IReadOnlyDictionary<string, long> ByStatus,
    decimal CostUsd,
    DateTimeOffset? LastSeenAt);

internal sealed class ListAgentsHandler(IAgentReader agents, IOptions<AgentOptions> options, TimeProvider time)
    : IRequestHandler<ListAgentsQuery, IReadOnlyList<Agent>>
{
    private const int MaxSeen = 500;

    private static readonly TimeSpan Recent = TimeSpan.FromHours(24);

    public async Task<IReadOnlyList<Agent>> Handle(ListAgentsQuery query, CancellationToken cancellationToken)
    {
        var seen = await agents.ListAsync(time.GetUtcNow() - Recent, MaxSeen, cancellationToken);
        var active = seen.ToDictionary(agent => agent.Name);
        var configured = options.Value.BuiltIn;
        return
        [
            .. configured.Select(agent => Of(agent.Name, agent.AgentType, agent.Description, isBuiltin: true, active.GetValueOrDefault(agent.Name))),
            .. seen.Where(agent => configured.All(known => known.Name != agent.Name)).OrderBy(agent => agent.Name, StringComparer.Ordinal)
                .Select(agent => Of(agent.Name, "custom", "", isBuiltin: false, agent)),
        ];
    }

    private static Agent Of(string name, string type, string description, bool isBuiltin, AgentActivity? activity) => new(
        name,
        type,
        description,
        isBuiltin,
        activity?.Tasks ?? 0,
        activity?.RecentTasks ?? 0,
        Enum.GetValues<AgentTaskStatus>().ToDictionary(status => status.Name(), status => activity?.ByStatus.GetValueOrDefault(status) ?? 0),
        activity?.CostUsd ?? 0,
        activity?.LastSeenAt);
}
