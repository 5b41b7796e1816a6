using System.Diagnostics;
using System.Globalization;
using System.Text;
using GrooteDashboard.Infrastructure.Persistence;
using GrooteDashboard.Infrastructure.Persistence.Search;
using GrooteDashboard.Performance.Measuring;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;
using NpgsqlTypes;

namespace GrooteDashboard.Performance.Load;

/// <summary>
/// Tasks with output in words that are as common as words are (Zipf), and some whose place is known. The passages are those that the indexer makes; the index
/// is built afterwards, all at once.
/// </summary>
internal static class OutputSeeder
{
    /// <summary>In every task.</summary>
    public const string Common = "everywhere";

    /// <summary>In one of ten tasks, and never together with the other one.</summary>
    public const string Tenth = "tenthword";
    public const string OtherTenth = "othertenth";

    /// <summary>In one of a hundred, a thousand, a hundred thousand tasks.</summary>
    public const string Hundredth = "hundredthword";
    public const string Thousandth = "thousandthword";
    public const string Rare = "rarestword";

    /// <summary>Stands together in one of a thousand tasks; both words are in every task.</summary>
    public const string Phrase = "everywhere always";
    public const string Always = "always";

    /// <summary>Each of the three in most tasks; side by side, as chance has it, in one of a hundred thousand.</summary>
    public static readonly string RareOfEveryday = $"{Words.WordOf(20)} {Words.WordOf(30)} {Words.WordOf(40)}";

    private const int Vocabulary = 50_000;
    private const int Batch = 5_000;

    public static async Task SeedAsync(PerformanceDatabase database, int tasks, int outputLength, TextWriter log, CancellationToken cancellationToken)
    {
        // Making a million of anything takes longer than a statement of the server may.
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Options = "", CommandTimeout = 0 });
        await using (var db = new DashboardDbContext(new DbContextOptionsBuilder<DashboardDbContext>().UseNpgsql(database.ConnectionString)
            .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning)).Options))
        {
            await db.Database.MigrateAsync(cancellationToken);
        }

        if (await database.QueryAsync<long>("SELECT count(*) FROM (SELECT 1 FROM tasks LIMIT 1) AS one", cancellationToken) > 0)
        {
            return;
        }

        var clock = Stopwatch.StartNew();
        await database.ExecuteAsync("DROP INDEX ix_search_passages_words", cancellationToken);
        var words = new Words();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        for (var first = 0; first < tasks; first += Batch)
        {
            var texts = Enumerable.Range(first, Math.Min(Batch, tasks - first)).Select(i => (Index: i, Output: words.Output(i, outputLength))).ToList();
            await CopyTasksAsync(connection, texts.Select(text => text.Index), tasks, cancellationToken);
            await CopyLogAsync(connection, texts, cancellationToken);
            await CopyPassagesAsync(connection, texts, cancellationToken);
        }

        var seeded = clock.Elapsed;
        await ExecuteAsync(
            source,
            "SET maintenance_work_mem = '1GB'; CREATE INDEX ix_search_passages_words ON search_passages USING gin (words) WITH (fastupdate = on, gin_pending_list_limit = 1024)",
            cancellationToken);
        await log.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"seeded in {seeded.TotalSeconds:0} s, the index built in {(clock.Elapsed - seeded).TotalSeconds:0} s"));
        await ExecuteAsync(source, "SELECT setval('search_passages_id_seq', (SELECT max(id) FROM search_passages))", cancellationToken);
        await ExecuteAsync(source, "VACUUM ANALYZE", cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string IdOf(int index) => string.Create(CultureInfo.InvariantCulture, $"task-{index:D9}");

    private static async Task CopyTasksAsync(NpgsqlConnection connection, IEnumerable<int> indexes, int tasks, CancellationToken cancellationToken)
    {
        var end = TimeProvider.System.GetUtcNow().UtcDateTime;
        await using var copy = await connection.BeginBinaryImportAsync(
            "COPY tasks (task_id, session_id, user_id, status, assigned_agent, agent_type, source, created_at, input_message, source_metadata, version) FROM STDIN (FORMAT BINARY)", cancellationToken);
        foreach (var index in indexes)
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(IdOf(index), cancellationToken);
            await copy.WriteAsync("unregistered", cancellationToken);
            await copy.WriteAsync("someone", cancellationToken);
            await copy.WriteAsync(index % 20 == 0 ? "failed" : "completed", cancellationToken);
            await copy.WriteAsync(index % 5 == 0 ? "executor" : "brain", cancellationToken);
            await copy.WriteAsync("webhook", cancellationToken);
            await copy.WriteAsync(index % 3 == 0 ? "github" : "jira", cancellationToken);
            await copy.WriteAsync(end.AddSeconds(index - tasks), NpgsqlDbType.TimestampTz, cancellationToken);
            await copy.WriteAsync($"Please mend number {index}", cancellationToken);
            await copy.WriteAsync("{}", NpgsqlDbType.Jsonb, cancellationToken);
            await copy.WriteAsync(1, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    private static async Task CopyLogAsync(NpgsqlConnection connection, List<(int Index, string Output)> texts, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync(
            """COPY task_log (task_id, "offset", "timestamp", kind, output) FROM STDIN (FORMAT BINARY)""", cancellationToken);
        foreach (var (index, output) in texts)
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(IdOf(index), cancellationToken);
            await copy.WriteAsync(1L, cancellationToken);
            await copy.WriteAsync(TimeProvider.System.GetUtcNow().UtcDateTime, NpgsqlDbType.TimestampTz, cancellationToken);
            await copy.WriteAsync("output", cancellationToken);
            await copy.WriteAsync(output, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    /// <summary>By COPY as text: a tsvector has no other form that a client can write.</summary>
    private static async Task CopyPassagesAsync(NpgsqlConnection connection, List<(int Index, string Output)> texts, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginTextImportAsync(
            "COPY search_passages (id, task_id, part, first_offset, last_offset, length, digest, words) FROM STDIN", cancellationToken);
        foreach (var (index, output) in texts)
        {
            var passage = new Passage(IdOf(index), "output", 1, 1) { Id = index + 1L };
            passage.Add(output, 1);
            await copy.WriteAsync(string.Create(
                CultureInfo.InvariantCulture, $"{passage.Id}\t{passage.TaskId}\toutput\t1\t1\t{passage.Length}\t0\t{passage.ToTsVector()}\n"));
        }
    }

    /// <summary>Texts as agents write them: common words often, rare ones seldom, paths and numbers between them.</summary>
    private sealed class Words
    {
        private readonly string[] _words = new string[Vocabulary];
        private readonly double[] _cumulated = new double[Vocabulary];
        private readonly Random _random = new(1);

        public Words()
        {
            var sum = 0.0;
            for (var i = 0; i < Vocabulary; i++)
            {
                _words[i] = WordOf(i);
                _cumulated[i] = sum += 1.0 / (i + 1);
            }
        }

        /// <summary>The lower its number, the more common it is.</summary>
        public static string WordOf(int number)
        {
            const string Consonants = "bcdfghklmnprstvwz";
            const string Vowels = "aeiou";
            var word = new StringBuilder();
            for (var rest = number + 85; rest > 0; rest /= 85)
            {
                word.Append(Consonants[rest % 17]).Append(Vowels[rest / 17 % 5]);
            }

            return word.ToString();
        }

        public string Output(int index, int length)
        {
            var text = new StringBuilder(length + 100);
            text.Append(CultureInfo.InvariantCulture, $"{Common} run {index} of src/Module{index % 97}/handler_{index % 1009}.cs:{index % 500}\n{Always} ");
            text.Append(index % 10 == 1 ? Tenth + " " : index % 10 == 2 ? OtherTenth + " " : "").Append(index % 100 == 3 ? Hundredth + " " : "")
                .Append(index % 1_000 == 4 ? Thousandth + " " : "").Append(index % 100_000 == 5 ? Rare + " " : "").Append(index % 1_000 == 6 ? Phrase + " " : "");
            for (var inLine = 0; text.Length < length; inLine++)
            {
                var at = Array.BinarySearch(_cumulated, _random.NextDouble() * _cumulated[^1]);
                text.Append(_words[Math.Min(at < 0 ? ~at : at, Vocabulary - 1)]).Append(inLine % 12 == 11 ? '\n' : ' ');
            }

            return text.ToString();
        }
    }
}
