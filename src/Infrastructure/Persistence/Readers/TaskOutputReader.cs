using System.Text;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Ports;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

internal sealed class TaskOutputReader(NpgsqlDataSource source) : ITaskOutputReader
{
    private const int TailPageSize = 32;

    public async Task<OutputTail> ReadTailAsync(string taskId, int maxLength, CancellationToken cancellationToken)
    {
        var pieces = new List<string>();
        DateTimeOffset? newest = null;
        var length = 0;
        var before = long.MaxValue;
        // In pages, of few rows first: the connection reads an answer to its end, also where the reader has enough.
        for (var (rows, more) = (TailPageSize, true); more && length <= maxLength; rows *= 2)
        {
            var page = await ReadOutputBeforeAsync(taskId, before, rows, cancellationToken);
            foreach (var row in page.TakeWhile(_ => length <= maxLength))
            {
                newest ??= row.Timestamp;
                pieces.Add(row.Output);
                length += row.Output.Length;
                before = row.Offset;
            }

            more = page.Count == rows;
        }

        var text = new StringBuilder(length);
        for (var i = pieces.Count - 1; i >= 0; i--)
        {
            text.Append(pieces[i]);
        }

        return length <= maxLength
            ? new OutputTail(text.ToString(), false, newest)
            : new OutputTail(LogText.Clean(text.ToString(length - maxLength, maxLength)), true, newest);
    }

    /// <summary>Newest first. Prepared: existing clients ask for it every second.</summary>
    private async Task<List<(long Offset, string Output, DateTimeOffset Timestamp)>> ReadOutputBeforeAsync(
        string taskId, long before, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            $"""
            SELECT "offset", output, "timestamp" FROM task_log WHERE task_id = $1 AND kind = '{OutputKinds.Output}' AND "offset" < $2 ORDER BY "offset" DESC LIMIT $3
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = taskId });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = before });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = limit });
        await command.PrepareAsync(cancellationToken);
        var rows = new List<(long, string, DateTimeOffset)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add((reader.GetInt64(0), reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2)));
        }

        return rows;
    }
}
