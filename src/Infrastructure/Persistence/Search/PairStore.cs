using System.Text;
using GrooteDashboard.Application.Tasks.Search;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Search;

/// <summary>
/// Makes the blocks of pairs, oldest first and without a hole, of passages that are stored. What this process has stored itself it has collected on the way; the
/// texts of the others it reads. One caller at a time.
/// </summary>
internal sealed class PairStore(NpgsqlDataSource source)
{
    /// <summary>Passages that are read at once.</summary>
    private const int PortionSize = 128;

    /// <summary>Blocks that are collected at once, 4 MB each: of what is stored beyond them the texts are read later.</summary>
    private const int MaxCollected = 4;

    private readonly Dictionary<long, PairBlock> _collected = [];

    private const string NextSql =
        """
        SELECT coalesce((SELECT max(block) + 1 FROM search_pairs), (SELECT min(id) >> $1 FROM search_passages)), (SELECT max(id) >> $1 FROM search_passages)
        """;

    /// <summary>What stands in the passages, and may be searched for as it stands there: without changes of status.</summary>
    private const string TextsSql =
        """
        SELECT p.id, x.content
        FROM search_passages p
        CROSS JOIN LATERAL (
            SELECT "offset", output AS content FROM task_log
            WHERE p.part = 'output' AND task_id = p.task_id AND "offset" BETWEEN p.first_offset AND p.last_offset AND output IS NOT NULL
            UNION ALL
            SELECT 0, left(CASE p.part WHEN 'input' THEN t.input_message WHEN 'result' THEN t.result ELSE t.error END, 262144)
            FROM tasks t WHERE p.part <> 'output' AND t.task_id = p.task_id) x
        WHERE p.id = ANY ($1) AND x.content IS NOT NULL
        ORDER BY p.id, x."offset"
        """;

    /// <summary>Collects the pairs of passages that were just stored.</summary>
    public void Collect(IEnumerable<Passage> passages)
    {
        var pairs = new HashSet<ulong>();
        foreach (var passage in passages)
        {
            var block = passage.Id >> PairBlock.Bits;
            if (!_collected.ContainsKey(block) && _collected.Count < MaxCollected)
            {
                _collected.Add(block, new PairBlock());
            }

            if (_collected.TryGetValue(block, out var collected))
            {
                passage.CollectPairs(pairs);
                collected.Add(passage.Id, pairs);
                pairs.Clear();
            }
        }
    }

    /// <summary>Another process goes on.</summary>
    public void Forget() => _collected.Clear();

    /// <summary>Makes the next block, where the last of its passages is there.</summary>
    /// <returns>Whether it was.</returns>
    public async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        if (await FindNextAsync(connection, cancellationToken) is not { } block)
        {
            return false;
        }

        // Of passages that were taken away, to be made anew, nobody asks for the block any more.
        foreach (var passed in _collected.Keys.Where(number => number < block).ToList())
        {
            _collected.Remove(passed);
        }

        var pairs = _collected.Remove(block, out var collected) ? collected : new PairBlock();
        foreach (var portion in (await ListMissingAsync(connection, block, pairs, cancellationToken)).Chunk(PortionSize))
        {
            await ReadAsync(connection, portion, pairs, cancellationToken);
        }

        var (rows, bits) = pairs.Fold();
        await using var insert = new NpgsqlCommand("INSERT INTO search_pairs (block, rows, bits) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", connection);
        insert.Parameters.AddWithValue(block);
        insert.Parameters.AddWithValue(rows);
        insert.Parameters.Add(new NpgsqlParameter<ArraySegment<byte>> { TypedValue = bits });
        await insert.ExecuteNonQueryAsync(cancellationToken);
        return true;
    }

    /// <summary>A block is full when a later one has begun, and nobody is about to store what got an id before that.</summary>
    private static async Task<long?> FindNextAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var alone = new NpgsqlCommand("SELECT pg_advisory_xact_lock($1)", connection))
        {
            alone.Parameters.AddWithValue(PassageStore.IdsLock);
            await alone.ExecuteNonQueryAsync(cancellationToken);
        }

        // A statement of its own, which sees what was committed before the lock was there.
        await using var command = new NpgsqlCommand(NextSql, connection);
        command.Parameters.AddWithValue(PairBlock.Bits);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return !await reader.IsDBNullAsync(1, cancellationToken) && reader.GetInt64(0) is var next && next < reader.GetInt64(1) ? next : null;
    }

    /// <summary>Passages of the block that were not collected: they were stored by another process, or before this one began.</summary>
    private static async Task<List<long>> ListMissingAsync(NpgsqlConnection connection, long block, PairBlock pairs, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT id FROM search_passages WHERE id >= $1 AND id < $2 ORDER BY id", connection);
        command.Parameters.AddWithValue(block << PairBlock.Bits);
        command.Parameters.AddWithValue((block + 1) << PairBlock.Bits);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var missing = new List<long>();
        while (await reader.ReadAsync(cancellationToken))
        {
            if (reader.GetInt64(0) is var id && !pairs.Has(id))
            {
                missing.Add(id);
            }
        }

        return missing;
    }

    private static async Task ReadAsync(NpgsqlConnection connection, long[] ids, PairBlock pairs, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(TextsSql, connection);
        command.Parameters.AddWithValue(ids);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var (id, text, found) = (0L, new StringBuilder(), new HashSet<ulong>());
        while (await reader.ReadAsync(cancellationToken))
        {
            if (reader.GetInt64(0) is var next && next != id)
            {
                Add();
                id = next;
            }

            text.Append(reader.GetString(1));
        }

        Add();

        void Add()
        {
            if (text.Length > 0)
            {
                SearchWords.CollectPairs(text.ToString(), found);
                pairs.Add(id, found);
                text.Clear();
                found.Clear();
            }
        }
    }
}
