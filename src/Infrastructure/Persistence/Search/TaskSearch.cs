using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Application.Tasks.Search;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Infrastructure.Persistence.Configurations.Tasks;
using GrooteDashboard.Infrastructure.Persistence.Readers;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Search;

/// <summary>
/// Searches segment by segment, newest first, until a page is full. What the index finds is read in the log, which alone knows where in the text it
/// stands. What must stand there as written is looked for in passages only that hold its words side by side.
/// </summary>
internal sealed class TaskSearch(DashboardDbContext db, TimeProvider time) : ITaskSearch
{
    private const string Output = "output";
    private const int MaxRanges = 20;

    /// <summary>Passages whose text is read at once; each is some KB.</summary>
    private const int PortionSize = 100;

    /// <summary>Of those that are looked through for what must stand in them, first and at most: they may all have it, or nearly none.</summary>
    private const int FirstPortion = 25;
    private const int LargestPortion = 200;

    /// <summary>Where more passages of a segment hold the words side by side, or seem to, the index is asked which of them hold the other words, too.</summary>
    private const int Many = 1_000;

    /// <summary>Segments up to this size are asked for at once; of larger ones, each for itself, so that what was found is there when time is up.</summary>
    private const int SmallSegments = 14;

    public async Task<TaskSearchHits> FindAsync(
        SearchExpression expression, IReadOnlyList<string> parts, TaskFilter filter, long? before, int limit, CancellationToken cancellationToken)
    {
        var search = new Search(db, new Question(expression, WordsOf(expression, parts), filter, limit, time.GetTimestamp()), time, before ?? long.MaxValue);
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
            var isFull = expression.HasLiterals ? await search.FindWrittenAsync(cancellationToken) : await search.FindWordsAsync(cancellationToken);
            return new TaskSearchHits(search.Hits, isFull ? search.Place : null, Complete: true);
        }
        catch (Exception e) when (e is SearchTooSlowException || SearchDeadline.IsOver(e))
        {
            return search.Hits.Count > 0
                ? new TaskSearchHits(search.Hits, search.Place, Complete: false)
                : throw new SearchTooSlowException("The search was given up.", e);
        }
    }

    /// <summary>What a passage must be indexed under, as a tsquery. Words have no quote and no backslash.</summary>
    private static string WordsOf(SearchExpression expression, IReadOnlyList<string> parts)
    {
        var words = expression.Terms
            .SelectMany(term => term.Words.Select((word, i) => term.IsPrefix && i == term.Words.Count - 1 ? $"'{word}':*" : $"'{word}'"))
            .Distinct(StringComparer.Ordinal);
        return string.Join('&', parts.Count > 0 ? words.Append($"({string.Join('|', parts.Select(part => $"'in:{part}'"))})") : words);
    }

    /// <param name="Expression">What is searched for.</param>
    /// <param name="Words">What the index is asked for.</param>
    /// <param name="Filter">Of which tasks.</param>
    /// <param name="Limit">How many hits at most.</param>
    /// <param name="Started">When it began.</param>
    private sealed record Question(SearchExpression Expression, string Words, TaskFilter Filter, int Limit, long Started);

    /// <summary>One search, as far as it has come.</summary>
    private sealed class Search(DashboardDbContext db, Question question, TimeProvider time, long before)
    {
        private readonly NpgsqlConnection _connection = (NpgsqlConnection)db.Database.GetDbConnection();

        public List<TaskSearchHit> Hits { get; } = [];

        /// <summary>Everything newer has been looked at.</summary>
        public long Place { get; private set; } = before;

        /// <summary>Words alone: the index knows it.</summary>
        /// <returns>Whether there are as many as were asked for.</returns>
        public async Task<bool> FindWordsAsync(CancellationToken cancellationToken)
        {
            var (newest, _) = await MeasureAsync(cancellationToken);
            var segments = Segments.Back(newest).ToList();
            var small = segments.TakeWhile(segment => segment.Bits <= SmallSegments).ToArray();
            foreach (var together in segments.Skip(small.Length).Select(segment => new[] { segment }).Prepend(small))
            {
                List<long> found;
                int wanted;
                do
                {
                    wanted = question.Limit - Hits.Count;
                    found = await MatchAsync(together, wanted, null, cancellationToken);
                    if (await TakeAsync(found, PortionSize, PortionSize, isIndexed: true, cancellationToken))
                    {
                        return true;
                    }
                }
                while (found.Count == wanted);
            }

            return false;
        }

        /// <summary>What must stand there as written.</summary>
        /// <returns>Whether there are as many as were asked for.</returns>
        public async Task<bool> FindWrittenAsync(CancellationToken cancellationToken)
        {
            var (newest, paired) = await MeasureAsync(cancellationToken);
            var rows = PairBlock.RowsOf(question.Expression.Pairs());
            foreach (var segment in Segments.Back(newest))
            {
                CheckTime();
                // The newest blocks are not full yet.
                var isPaired = rows.Length > 0 && segment.End <= paired;
                var found = isPaired ? await ReadPairedAsync(segment, rows, cancellationToken) : await MatchAsync([segment], null, null, cancellationToken);
                if (isPaired && found.Count > Many)
                {
                    // Another word may be rarer.
                    found = await MatchAsync([segment], null, found, cancellationToken);
                    isPaired = false;
                }

                if (await TakeAsync(found, FirstPortion, LargestPortion, isIndexed: !isPaired, cancellationToken))
                {
                    return true;
                }

                Place = Math.Min(Place, segment.First);
            }

            return false;
        }

        private void CheckTime()
        {
            if (time.GetElapsedTime(question.Started) > SearchDeadline.Patience)
            {
                throw new SearchTooSlowException("Time is up.");
            }
        }

        /// <summary>The newest passage that may be found, and the first one that is in no block of pairs.</summary>
        private async Task<(long Newest, long Paired)> MeasureAsync(CancellationToken cancellationToken)
        {
            await using var command = new NpgsqlCommand(
                "SELECT coalesce((SELECT max(id) FROM search_passages), 0), coalesce((SELECT max(block) + 1 FROM search_pairs), 0)", _connection);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            return (Math.Min(Place - 1, reader.GetInt64(0)), reader.GetInt64(1) << PairBlock.Bits);
        }

        /// <summary>Passages that hold the words side by side, or seem to, newest first.</summary>
        private async Task<List<long>> ReadPairedAsync(Segment segment, int[] rows, CancellationToken cancellationToken)
        {
            await using var command = new NpgsqlCommand(
                """
                SELECT block, ARRAY(SELECT substring(bits FROM (asked & (rows - 1)) * $4 + 1 FOR $4) FROM unnest($3) AS asked)
                FROM search_pairs WHERE block >= $1 AND block < $2 ORDER BY block DESC
                """,
                _connection);
            command.Parameters.AddWithValue(segment.First >> PairBlock.Bits);
            command.Parameters.AddWithValue(segment.End >> PairBlock.Bits);
            command.Parameters.AddWithValue(rows);
            command.Parameters.AddWithValue(PairBlock.RowLength);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var found = new List<long>();
            while (await reader.ReadAsync(cancellationToken))
            {
                found.AddRange(PairBlock.In(reader.GetInt64(0), reader.GetFieldValue<byte[][]>(1)).Where(id => id < Place));
            }

            return found;
        }

        /// <summary>Passages that the index finds, newest first.</summary>
        /// <param name="segments">Where, newest first.</param>
        /// <param name="limit">How many, of tasks that the filter allows; null for all of whatever tasks, for then most are looked at for a moment only.</param>
        /// <param name="among">Of these; null for all.</param>
        /// <param name="cancellationToken">Gives up.</param>
        private async Task<List<long>> MatchAsync(IReadOnlyList<Segment> segments, int? limit, List<long>? among, CancellationToken cancellationToken)
        {
            await using var command = _connection.CreateCommand();
            var parameters = command.Parameters;
            var conditions = limit is null || question.Filter.IsForAll()
                ? ""
                : $" AND EXISTS (SELECT FROM tasks WHERE tasks.task_id = found.task_id AND {new TaskConditions(question.Filter, parameters)})";
            if (among is not null)
            {
                conditions += $" AND id = ANY ({parameters.Next(among)})";
            }

            var (names, words, before) = (parameters.Next(segments.Select(segment => $"'{segment.Name}'").ToArray()), parameters.Next(question.Words), parameters.Next(Place));
            var most = limit is { } some ? $"LIMIT {parameters.Next(some)}" : "";
            // The segment is a condition of its own, and the first: so the index goes from a passage of it to the next that has all words. In one tsquery it would
            // go through all passages of the rarest word, for every segment. LATERAL keeps to the order of the segments, and ends with the last that is wanted.
            command.CommandText =
                $"""
                SELECT newest.id
                FROM unnest({names}) AS segment (name)
                CROSS JOIN LATERAL (
                    WITH found AS MATERIALIZED (SELECT id, task_id FROM search_passages WHERE words @@ segment.name::tsquery AND words @@ {words}::tsquery)
                    SELECT id FROM found WHERE id < {before}{conditions} ORDER BY id DESC {most}) AS newest
                {most}
                """;
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var found = new List<long>();
            while (await reader.ReadAsync(cancellationToken))
            {
                found.Add(reader.GetInt64(0));
            }

            return found;
        }

        /// <summary>Reads what was found, in portions, and takes what is a hit.</summary>
        /// <returns>Whether there are as many as were asked for.</returns>
        private async Task<bool> TakeAsync(List<long> found, int size, int largest, bool isIndexed, CancellationToken cancellationToken)
        {
            for (var start = 0; start < found.Count; start += size, size = Math.Min(size * 2, largest))
            {
                CheckTime();
                var portion = found.GetRange(start, Math.Min(size, found.Count - start));
                foreach (var candidate in await ReadAsync(await DescribeAsync(portion, isIndexed, cancellationToken), cancellationToken))
                {
                    Place = candidate.Id;
                    if (candidate.ToHit(question.Expression) is { } hit)
                    {
                        Hits.Add(hit);
                        if (Hits.Count == question.Limit)
                        {
                            return true;
                        }
                    }
                }

                Place = portion[^1];
            }

            return false;
        }

        /// <summary>Passages of tasks that the filter allows, and which hold the words, if the index has not said so.</summary>
        private async Task<List<Candidate>> DescribeAsync(List<long> ids, bool isIndexed, CancellationToken cancellationToken)
        {
            await using var command = _connection.CreateCommand();
            var parameters = command.Parameters;
            var given = parameters.Next(ids);
            // OFFSET 0: each is read by its key, and the index of words is not asked again.
            var passages = isIndexed
                ? $"SELECT * FROM search_passages WHERE id = ANY ({given})"
                : $"""
                  SELECT passage.* FROM unnest({given}) AS found (id) CROSS JOIN LATERAL (SELECT * FROM search_passages WHERE id = found.id OFFSET 0) AS passage
                  WHERE words @@ {parameters.Next(question.Words)}::tsquery
                  """;
            command.CommandText =
                $"""
                SELECT passage.id, passage.task_id, passage.part, passage.first_offset, passage.last_offset,
                    tasks.status, tasks.assigned_agent, tasks.source, tasks.created_at, substring(tasks.input_message, 1, {parameters.Next(TaskSummary.InputPreviewLength)})
                FROM ({passages}) AS passage
                JOIN tasks ON tasks.task_id = passage.task_id
                WHERE {new TaskConditions(question.Filter, parameters)}
                ORDER BY passage.id DESC
                """;
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var candidates = new List<Candidate>();
            while (await reader.ReadAsync(cancellationToken))
            {
                var column = new ColumnReader(reader);
                candidates.Add(new Candidate(
                    column.Next<long>(),
                    column.Next<string>(),
                    column.Next<string>(),
                    column.Next<long>(),
                    column.Next<long>(),
                    StatusConverter.Parse(column.Next<string>()),
                    column.NextOrNull<string>(),
                    column.Next<string>(),
                    column.Next<DateTimeOffset>(),
                    column.Next<string>()));
            }

            return candidates;
        }

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
                _connection);
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
    }

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
            var text = string.Concat(_entries.Where(entry => entry.Kind is not null && entry.Offset >= first).Select(entry => entry.Text));
            if (!expression.IsIn(text) || !expression.HasPairsIn(text))
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
