using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Rollups;

/// <summary>Moves deltas into the rollups. What readers see, rollups and deltas together, does not change by it.</summary>
internal sealed class RollupStore(NpgsqlDataSource source)
{
    /// <summary>An advisory lock: whoever writes rollups holds it. Any number, the same in every process.</summary>
    public const long WriterLock = 0x67726f6f7465_0d;

    private static readonly string TakeSql =
        $"DELETE FROM task_deltas WHERE ctid = ANY (ARRAY(SELECT ctid FROM task_deltas LIMIT $1)) RETURNING sign, written_at, {TaskFactsColumns.List}";

    /// <summary>Whether there is anything to fold. It waits for nobody.</summary>
    public async Task<bool> HasDeltasAsync(CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand("SELECT EXISTS (SELECT FROM task_deltas)");
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>One small transaction.</summary>
    /// <param name="limit">How many deltas at most.</param>
    /// <param name="cancellationToken">Undoes it.</param>
    public async Task<FoldedDeltas> FoldAsync(int limit, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // A process that has lost its lease and does not know it yet waits here, instead of writing over what another one writes.
        await using (var wait = new NpgsqlCommand("SELECT pg_advisory_xact_lock($1)", connection))
        {
            wait.Parameters.AddWithValue(WriterLock);
            await wait.ExecuteNonQueryAsync(cancellationToken);
        }

        var batch = new RollupBatch();
        var folded = await TakeAsync(connection, batch, limit, cancellationToken);
        if (folded.Count == 0)
        {
            return folded;
        }

        batch.RollUp(RollupLevel.Month);
        await RollupRows.AddStoredAsync(connection, batch.Rollups, cancellationToken);
        await RollupRows.SaveAsync(connection, batch.Rollups, cancellationToken);
        await RollupRows.AddTotalsAsync(connection, batch.Totals, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return folded;
    }

    /// <summary>One row for every day of conversations.</summary>
    public async Task MergeDaysAsync(CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(
            """
            WITH several AS (SELECT day FROM conversation_days GROUP BY day HAVING count(*) > 1),
            taken AS (DELETE FROM conversation_days USING several WHERE conversation_days.day = several.day RETURNING conversation_days.*)
            INSERT INTO conversation_days
            SELECT day, sum(conversations), sum(cost_usd), sum(tasks), sum(duration_seconds) FROM taken
            GROUP BY day HAVING (sum(conversations), sum(cost_usd), sum(tasks), sum(duration_seconds)) <> (0, 0, 0, 0)
            """);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Takes the room back that folded deltas have left: every reader goes through the table.</summary>
    public async Task TidyAsync(CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand("VACUUM task_deltas");
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<FoldedDeltas> TakeAsync(NpgsqlConnection connection, RollupBatch batch, int limit, CancellationToken cancellationToken)
    {
        await using var take = new NpgsqlCommand(TakeSql, connection);
        take.Parameters.AddWithValue(limit);
        await using var reader = await take.ExecuteReaderAsync(cancellationToken);
        var count = 0;
        DateTimeOffset? oldest = null;
        while (await reader.ReadAsync(cancellationToken))
        {
            count++;
            DateTimeOffset writtenAt = reader.GetDateTime(1);
            oldest = oldest is null || writtenAt < oldest ? writtenAt : oldest;
            batch.Add(TaskFactsColumns.Read(reader, 2), reader.GetInt16(0));
        }

        return new FoldedDeltas(count, oldest);
    }
}

/// <param name="Count">How many deltas were folded.</param>
/// <param name="Oldest">When the oldest of them was written.</param>
internal readonly record struct FoldedDeltas(int Count, DateTimeOffset? Oldest)
{
    public static readonly FoldedDeltas None = new(0, null);
}
