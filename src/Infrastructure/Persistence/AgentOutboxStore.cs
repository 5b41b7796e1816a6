using GrooteDashboard.Application.Tasks.Ports;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>The agent outbox as its relay sees it.</summary>
internal sealed class AgentOutboxStore(NpgsqlDataSource source, TimeProvider time)
{
    /// <summary>
    /// The oldest rows, in their order. From now on nobody takes them back. Ids are given before the commit: of two use cases that run at once, the later id
    /// may be seen first. Those of one conversation wait for each other, so that their order is that of the ids.
    /// </summary>
    public async Task<IReadOnlyList<(long Id, AgentNotice Notice)>> TakeAsync(int limit, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(
            """
            UPDATE agent_outbox SET taken_at = coalesce(taken_at, $1)
            WHERE id IN (SELECT id FROM agent_outbox ORDER BY id LIMIT $2)
            RETURNING id, kind, task_id, payload
            """);
        command.Parameters.AddWithValue(time.GetUtcNow());
        command.Parameters.AddWithValue(limit);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<(long Id, AgentNotice Notice)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add((reader.GetInt64(0), new AgentNotice(Parse(reader.GetString(1)), reader.GetString(2), reader.GetString(3))));
        }

        rows.Sort((one, other) => one.Id.CompareTo(other.Id));
        return rows;
    }

    /// <summary>They were delivered.</summary>
    public async Task DeleteAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand("DELETE FROM agent_outbox WHERE id = ANY ($1)");
        command.Parameters.AddWithValue(ids.ToArray());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static string NameOf(AgentNoticeKind kind) => kind switch
    {
        AgentNoticeKind.Work => "work",
        AgentNoticeKind.Stop => "stop",
        AgentNoticeKind.Input => "input",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private static AgentNoticeKind Parse(string name) => name switch
    {
        "work" => AgentNoticeKind.Work,
        "stop" => AgentNoticeKind.Stop,
        "input" => AgentNoticeKind.Input,
        _ => throw new FormatException($"'{name}' is not a kind of notice."),
    };
}
