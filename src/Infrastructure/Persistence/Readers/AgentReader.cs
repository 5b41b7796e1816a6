using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Analytics;
using GrooteDashboard.Domain.Tasks;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

/// <summary>Counts and costs come from the rollups, the newest task of each agent from one step into an index.</summary>
internal sealed class AgentReader(NpgsqlDataSource source, IAnalyticsReader analytics) : IAgentReader
{
    /// <summary>No task is older, or newer.</summary>
    private static readonly DateTimeOffset Earliest = new(1970, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Latest = new(2200, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public async Task<IReadOnlyList<AgentActivity>> ListAsync(DateTimeOffset since, int limit, CancellationToken cancellationToken)
    {
        var ever = (await ReadAsync(Earliest, cancellationToken)).OrderByDescending(agent => agent.Value.Tasks).ThenBy(agent => agent.Key, StringComparer.Ordinal).Take(limit).ToList();
        var lately = await ReadAsync(since, cancellationToken);
        var seen = await ReadLastSeenAsync([.. ever.Select(agent => agent.Key)], cancellationToken);
        return
        [
            .. ever.Select(agent => new AgentActivity(
                agent.Key,
                agent.Value.Tasks,
                lately.GetValueOrDefault(agent.Key).Tasks,
                ByStatus(agent.Value),
                agent.Value.CostUsd,
                seen.TryGetValue(agent.Key, out var at) ? at : null)),
        ];
    }

    private static Dictionary<AgentTaskStatus, long> ByStatus(TaskSums sums) => new()
    {
        [AgentTaskStatus.Queued] = sums.Queued,
        [AgentTaskStatus.Running] = sums.Running,
        [AgentTaskStatus.WaitingInput] = sums.WaitingInput,
        [AgentTaskStatus.Completed] = sums.Completed,
        [AgentTaskStatus.Failed] = sums.Failed,
        [AgentTaskStatus.Cancelled] = sums.Cancelled,
    };

    /// <summary>Tasks that are assigned to nobody are nobody's.</summary>
    private async Task<Dictionary<string, TaskSums>> ReadAsync(DateTimeOffset from, CancellationToken cancellationToken)
    {
        var groups = await analytics.ReadAsync(new TaskQuestion([from, Latest], Dimension.Agent, TaskQuestion.NoFilters), cancellationToken);
        return groups.Where(group => group.Value.Length > 0 && group.Measures.Sums.Tasks > 0).ToDictionary(group => group.Value, group => group.Measures.Sums);
    }

    private async Task<Dictionary<string, DateTimeOffset>> ReadLastSeenAsync(string[] agents, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(
            """
            SELECT agent, newest.created_at FROM unnest($1::text[]) AS agent
            CROSS JOIN LATERAL (SELECT created_at FROM tasks WHERE order_agent = agent ORDER BY created_at DESC LIMIT 1) AS newest
            """);
        command.Parameters.AddWithValue(agents);
        var seen = new Dictionary<string, DateTimeOffset>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            seen[reader.GetString(0)] = reader.GetFieldValue<DateTimeOffset>(1);
        }

        return seen;
    }
}
