using System.Diagnostics;
using System.Text.Json;
using GrooteDashboard.Performance.Load;
using GrooteDashboard.Performance.Measuring;
using GrooteDashboard.Testing;

namespace GrooteDashboard.Performance.Commands;

internal sealed record SearchOptions(int Tasks, int Requests, string? Keep, DirectoryInfo Server, FileInfo? Json);

/// <summary>Searches of one kind: milliseconds of a request over HTTP, one client, and how many hits the first page had.</summary>
internal sealed record SearchFigures(string Search, int Hits, double P50, double P95, double Max, int Refused);

/// <summary>Full-text search over many tasks with 2 KB of output each.</summary>
internal static class SearchCommand
{
    private const int OutputLength = 2_000;
    private const int WarmUp = 3;

    private static readonly (string Name, string Query)[] Searches =
    [
        ("a word of every task", OutputSeeder.Common),
        ("a word of 1 in 100", OutputSeeder.Hundredth),
        ("a word of 1 in 1,000", OutputSeeder.Thousandth),
        ("a word of 1 in 100,000", OutputSeeder.Rare),
        ("a word of none", "nowheretobefound"),
        ("two words of every task", $"{OutputSeeder.Common} {OutputSeeder.Always}"),
        ("a common and a rare word", $"{OutputSeeder.Common} {OutputSeeder.Rare}"),
        ("two words of 1 in 10, never together", $"{OutputSeeder.Tenth} {OutputSeeder.OtherTenth}"),
        ("a phrase of 1 in 1,000 of common words", $"\"{OutputSeeder.Phrase}\""),
        ("a phrase of every task", $"\"{OutputSeeder.Common} run\""),
        ("a phrase of three everyday words, rare", $"\"{OutputSeeder.RareOfEveryday}\""),
        ("a phrase of none, of words of every task", $"\"run {OutputSeeder.Always}\""),
        ("a path", "src/Module13/handler_77.cs"),
        ("the beginning of a rare word", "rarestw*"),
        ("the beginning of a common word", "everyw*"),
        ("a common word, tasks that failed", OutputSeeder.Common + "&status=failed"),
        ("a common word, an agent that has none", OutputSeeder.Common + "&agent=nobody"),
    ];

    public static async Task RunAsync(SearchOptions options, CancellationToken cancellationToken)
    {
        await using var database = await PerformanceDatabase.CreateAsync(cancellationToken, options.Keep);
        await using var redis = await RedisServer.StartNewAsync();
        var machine = await Machine.DescribeAsync(database, cancellationToken);
        machine.Write(Console.Out);
        await OutputSeeder.SeedAsync(database, options.Tasks, OutputLength, Console.Out, cancellationToken);
        await using var server = await ServerProcess.StartDashboardAsync(options.Server, database.ConnectionString, redis.ConnectionString, cancellationToken);
        // What the seed wrote is folded first: it is not what is measured.
        await Probe.Until(
            async () => !await database.QueryAsync<bool>("SELECT EXISTS (SELECT FROM task_deltas)", cancellationToken), "the rollups are folded", TimeSpan.FromMinutes(20));
        // The server makes the pairs of what the seed wrote, and rests as long as it works.
        await Probe.Until(
            () => database.QueryAsync<bool>("SELECT coalesce((SELECT max(block) FROM search_pairs), -1) >= (SELECT max(id) / 1024 - 1 FROM search_passages)", cancellationToken),
            "the pairs are made",
            TimeSpan.FromMinutes(40));
        Console.WriteLine(await database.QueryAsync<string>(
            """
            SELECT format('%s tasks; output %s, passages %s, their index %s, pairs %s', (SELECT count(*) FROM tasks), pg_size_pretty(pg_total_relation_size('task_log')),
                pg_size_pretty(pg_total_relation_size('search_passages') - pg_relation_size('ix_search_passages_words')), pg_size_pretty(pg_relation_size('ix_search_passages_words')),
                pg_size_pretty(pg_total_relation_size('search_pairs')))
            """,
            cancellationToken));
        var table = new Table("search, first page of 20 (ms)", "hits", "p50", "p95", "max", "refused");
        var figures = new List<SearchFigures>();
        foreach (var (name, query) in Searches)
        {
            Add(await MeasureAsync(server, name, $"/api/tasks/search?q={Escape(query)}", options.Requests, cancellationToken));
        }

        Add(await MeasureAsync(server, "the newest 1,000 of a common word", $"/api/tasks/search?q={OutputSeeder.Common}&per_page=1000", options.Requests, cancellationToken));
        Add(await MeasureAsync(server, "the newest 1,000 of a phrase", $"/api/tasks/search?q=%22{OutputSeeder.Common}+run%22&per_page=1000", options.Requests, cancellationToken));
        Add(await MeasureAsync(server, "the newest 1,000 of a common word, 100 at a time", options.Requests, cancellationToken));
        table.Write(Console.Out);
        await Report.WriteAsync("search", machine, figures, options.Json, cancellationToken);

        void Add(SearchFigures row)
        {
            figures.Add(row);
            table.Add(row.Search, row.Hits, row.P50, row.P95, row.Max, row.Refused);
        }
    }

    private static string Escape(string query) => query.Split('&', 2) is [var text, var filter] ? Uri.EscapeDataString(text) + "&" + filter : Uri.EscapeDataString(query);

    private static async Task<SearchFigures> MeasureAsync(ServerProcess server, string name, string path, int requests, CancellationToken cancellationToken)
    {
        var (times, hits, refused) = (new List<double>(), 0, 0);
        for (var i = -WarmUp; i < requests; i++)
        {
            var clock = Stopwatch.StartNew();
            using var response = await server.Http.GetAsync(path, cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            if (i < 0)
            {
                continue;
            }

            times.Add(clock.Elapsed.TotalMilliseconds);
            refused += response.IsSuccessStatusCode ? 0 : 1;
            hits = response.IsSuccessStatusCode ? JsonElement.Parse(text).GetProperty("items").GetArrayLength() : 0;
        }

        return Figures(name, times, hits, refused);
    }

    /// <summary>All pages of what a search gives at most; the time is that of all of them.</summary>
    private static async Task<SearchFigures> MeasureAsync(ServerProcess server, string name, int requests, CancellationToken cancellationToken)
    {
        var (times, hits) = (new List<double>(), 0);
        for (var i = 0; i < requests; i++)
        {
            var clock = Stopwatch.StartNew();
            hits = 0;
            for (var after = ""; after is not null;)
            {
                var page = JsonElement.Parse(await server.Http.GetStringAsync($"/api/tasks/search?q={OutputSeeder.Common}&per_page=100&after={after}", cancellationToken));
                hits += page.GetProperty("items").GetArrayLength();
                after = page.GetProperty("next").GetString();
            }

            times.Add(clock.Elapsed.TotalMilliseconds);
        }

        return Figures(name, times, hits, 0);
    }

    private static SearchFigures Figures(string name, List<double> times, int hits, int refused)
    {
        times.Sort();
        return new SearchFigures(name, hits, times.Median(), times[(int)Math.Ceiling(0.95 * times.Count) - 1], times[^1], refused);
    }
}
