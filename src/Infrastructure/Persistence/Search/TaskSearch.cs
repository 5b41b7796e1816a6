using System.Text;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Application.Tasks.Search;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Infrastructure.Persistence.Readers;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Search;

/// <summary>
/// Searches segment by segment, newest first, until a page is full. What the index finds is read in the log, which alone knows where in the text it
/// stands, and whether words stand beside each other.
/// </summary>
internal sealed class TaskSearch(DashboardDbContext db, TimeProvider time) : ITaskSearch
{
    private const string Output = "output";
    private const int MaxRanges = 20;

    /// <summary>Passages whose text is read at once; each is some KB.</summary>
    private const int PortionSize = 25;

    /// <summary>Of those that are only looked through for what must stand in them, most of which are passed over.</summary>
    private const int LargestPortion = 200;

    public async Task<TaskSearchHits> FindAsync(
        SearchExpression expression, IReadOnlyList<string> parts, TaskFilter filter, long? before, int limit, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var hits = new List<TaskSearchHit>();
        var place = before ?? long.MaxValue;
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        try
        {
            // A match of every second passage is still to be found by the index, and a task by its key: the planner, which knows nothing of segments, would read
            // whole tables.
            await db.Database.ExecuteSqlAsync(
                $"""
                SELECT set_config(name, 'off', true), set_config('statement_timeout', {(int)SearchDeadline.Patience.TotalMilliseconds}::text, true)
                FROM unnest(ARRAY['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin']) AS name
                """,
                cancellationToken);
            var newest = Math.Min(place - 1, await db.SearchPassages.MaxAsync(passage => (long?)passage.Id, cancellationToken) ?? 0);
            foreach (var segment in Segments.Back(newest))
            {
                var matches = await MatchAsync(ToTsQuery(expression, parts, segment), filter, place, expression.HasLiterals ? null : limit - hits.Count, cancellationToken);
                for (var (start, size) = (0, PortionSize); start < matches.Count; start += size, size = expression.HasLiterals ? Math.Min(size * 2, LargestPortion) : size)
                {
                    if (time.GetElapsedTime(started) > SearchDeadline.Patience)
                    {
                        throw new SearchTooSlowException("Time is up.");
                    }

                    var portion = matches.GetRange(start, Math.Min(size, matches.Count - start));
                    foreach (var candidate in await ReadAsync(await FindAsync(portion, filter, cancellationToken), cancellationToken))
                    {
                        place = candidate.Id;
                        if (candidate.ToHit(expression) is { } hit)
                        {
                            hits.Add(hit);
                            if (hits.Count == limit)
                            {
                                return new TaskSearchHits(hits, place, Complete: true);
                            }
                        }
                    }
                }
            }

            return new TaskSearchHits(hits, null, Complete: true);
        }
        catch (Exception e) when (e is SearchTooSlowException || SearchDeadline.IsOver(e))
        {
            return hits.Count > 0 ? new TaskSearchHits(hits, place, Complete: false) : throw new SearchTooSlowException("The search was given up.", e);
        }
    }

    /// <summary>Words have no quote and no backslash.</summary>
    private static string ToTsQuery(SearchExpression expression, IReadOnlyList<string> parts, string segment)
    {
        var query = new StringBuilder().Append('\'').Append(segment).Append('\'');
        if (parts.Count > 0)
        {
            query.Append("&(").AppendJoin('|', parts.Select(part => $"'in:{part}'")).Append(')');
        }

        foreach (var term in expression.Terms)
        {
            for (var i = 0; i < term.Words.Count; i++)
            {
                query.Append("&'").Append(term.Words[i]).Append('\'').Append(term.IsPrefix && i == term.Words.Count - 1 ? ":*" : "");
            }
        }

        return query.ToString();
    }

    /// <summary>Passages that the index finds, newest first.</summary>
    /// <param name="query">What for.</param>
    /// <param name="filter">Of which tasks; with a limit only, for without one most are never looked at.</param>
    /// <param name="before">Older than this.</param>
    /// <param name="limit">How many; null for all of the segment.</param>
    /// <param name="cancellationToken">Gives up.</param>
    private Task<List<long>> MatchAsync(string query, TaskFilter filter, long before, int? limit, CancellationToken cancellationToken)
    {
        var matches = db.Database.SqlQuery<Match>(
            $"""
            WITH found AS MATERIALIZED (SELECT id, task_id FROM search_passages WHERE words @@ {query}::tsquery)
            SELECT id AS "Id", task_id AS "TaskId" FROM found
            """).Where(match => match.Id < before);
        if (limit is not { } most)
        {
            return matches.OrderByDescending(match => match.Id).Select(match => match.Id).ToListAsync(cancellationToken);
        }

        if (!filter.IsForAll())
        {
            matches = matches.Where(match => db.Tasks.Matching(filter).Any(task => task.TaskId == match.TaskId));
        }

        return matches.OrderByDescending(match => match.Id).Select(match => match.Id).Take(most).ToListAsync(cancellationToken);
    }

    private Task<List<Candidate>> FindAsync(List<long> ids, TaskFilter filter, CancellationToken cancellationToken) => (
        from passage in db.SearchPassages.AsNoTracking()
        join task in db.Tasks.AsNoTracking().Matching(filter) on passage.TaskId equals task.TaskId
        where ids.Contains(passage.Id)
        orderby passage.Id descending
        select new Candidate(
            passage.Id, passage.TaskId, passage.Part, passage.FirstOffset, passage.LastOffset,
            task.Status, task.AssignedAgent, task.Source, task.CreatedAt, task.InputMessage.Substring(0, TaskSummary.InputPreviewLength)))
        .ToListAsync(cancellationToken);

    /// <summary>Reads the texts of what was found.</summary>
    private async Task<List<Candidate>> ReadAsync(List<Candidate> found, CancellationToken cancellationToken)
    {
        if (found.Count == 0)
        {
            return found;
        }

        var byId = found.ToDictionary(candidate => candidate.Id);
        await using var command = new NpgsqlCommand(
            """
            SELECT p.id, l."offset", l.kind, l."timestamp", l.output
            FROM unnest($1, $2, $3, $4, $5) AS p (id, task_id, part, first, last)
            CROSS JOIN LATERAL (
                SELECT "offset", kind, "timestamp", output FROM task_log
                WHERE p.part = 'output' AND task_id = p.task_id AND "offset" BETWEEN p.first - 1 AND p.last ORDER BY "offset") l
            UNION ALL
            SELECT p.id, 0, p.part, t.created_at, left(CASE p.part WHEN 'input' THEN t.input_message WHEN 'result' THEN t.result ELSE t.error END, 262144)
            FROM unnest($1, $2, $3) AS p (id, task_id, part)
            JOIN tasks t ON t.task_id = p.task_id
            WHERE p.part <> 'output'
            """,
            (NpgsqlConnection)db.Database.GetDbConnection());
        command.Parameters.AddWithValue(found.Select(candidate => candidate.Id).ToArray());
        command.Parameters.AddWithValue(found.Select(candidate => candidate.TaskId).ToArray());
        command.Parameters.AddWithValue(found.Select(candidate => candidate.Part).ToArray());
        command.Parameters.AddWithValue(found.Select(candidate => candidate.First).ToArray());
        command.Parameters.AddWithValue(found.Select(candidate => candidate.Last).ToArray());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            byId[reader.GetInt64(0)].Add(
                reader.GetInt64(1),
                await reader.IsDBNullAsync(2, cancellationToken) ? null : reader.GetString(2),
                new DateTimeOffset(reader.GetDateTime(3)),
                await reader.IsDBNullAsync(4, cancellationToken) ? "" : reader.GetString(4));
        }

        return found;
    }

    private sealed record Match(long Id, string TaskId);

    private sealed class Candidate(
        long id, string taskId, string part, long first, long last, AgentTaskStatus status, string? agent, string source, DateTimeOffset createdAt, string inputMessage)
    {
        private readonly List<Entry> _entries = [];

        public long Id => id;

        public string TaskId => taskId;

        public string Part => part;

        public long First => first;

        public long Last => last;

        /// <summary>An entry of the log; without a kind it is a change of status.</summary>
        public void Add(long offset, string? kind, DateTimeOffset timestamp, string text) => _entries.Add(new Entry(offset, kind, timestamp, text));

        /// <summary>Null where the words do not stand there as they must.</summary>
        public TaskSearchHit? ToHit(SearchExpression expression)
        {
            // Lines are made of what is shown only: for a literal most candidates are not.
            if (!expression.IsIn(string.Concat(_entries.Where(entry => entry.Kind is not null && entry.Offset >= first).Select(entry => entry.Text))))
            {
                return null;
            }

            // The line that says most of it; the first one of these.
            var best = (Line: default(LogLine), Ranges: (IReadOnlyList<(int Start, int End)>)[], Terms: 0);
            foreach (var line in Lines())
            {
                var (ranges, terms) = expression.FindIn(line.Text, MaxRanges);
                if (terms > best.Terms || best.Line is null)
                {
                    best = (line, ranges, terms);
                }
            }

            var snippet = Snippet.Of(best.Line?.Text ?? "", best.Ranges);
            var at = part == Output ? best.Line : null;
            return new TaskSearchHit(
                taskId, status, agent, source, createdAt, inputMessage, part,
                at?.Offset, at?.Index, at?.Address, at?.Kind, at?.Timestamp, snippet.Text, snippet.Ranges);
        }

        private IEnumerable<LogLine> Lines()
        {
            var lines = new LogLines();
            foreach (var entry in _entries)
            {
                foreach (var line in entry.Kind is null ? lines.End() : lines.Add(entry.Offset, part == Output ? entry.Kind : part, entry.Timestamp, entry.Text))
                {
                    yield return line;
                }
            }

            foreach (var line in lines.End())
            {
                yield return line;
            }
        }

        private readonly record struct Entry(long Offset, string? Kind, DateTimeOffset Timestamp, string Text);
    }
}
