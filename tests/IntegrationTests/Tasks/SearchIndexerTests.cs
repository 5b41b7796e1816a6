using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using GrooteDashboard.Infrastructure.Persistence;
using GrooteDashboard.Testing;
using Npgsql;

namespace GrooteDashboard.IntegrationTests.Tasks;

/// <summary>What is stored becomes searchable once, whatever happens to PostgreSQL or to the server meanwhile.</summary>
[TestFixture]
[CancelAfter(180_000)]
internal sealed class SearchIndexerTests
{
    private const int Tasks = 6_000;
    private const int RowsPerTask = 6;

    private TestDatabase _database = null!;
    private RedisServer _redis = null!;

    [SetUp]
    public async Task Start()
    {
        _database = await TestDatabase.CreateAsync();
        _redis = await RedisServer.StartNewAsync();
    }

    [TearDown]
    public async Task Stop()
    {
        await _redis.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Test]
    public async Task A_server_that_is_killed_in_the_middle_leaves_no_passage_out_and_makes_none_twice()
    {
        await SeedAsync();
        for (var (round, indexed) = (0, 0L); round < 3; round++)
        {
            // It begins when it is watched: the first half of the work is done in less time than a start takes.
            var lease = await TakeLeaseAsync();
            await using var server = await DashboardProcess.StartAsync(_database, _redis);
            await lease.DisposeAsync();
            await Probe.Until(async () => await PassagesAsync() > indexed, "some of it is searchable");
            await server.KillAsync();
            indexed = await PassagesAsync();
            Assert.That(await WaitingAsync(), Is.Positive, "it was killed before it was done");
        }

        await using var last = await DashboardProcess.StartAsync(_database, _redis);
        await AssertAllIsSearchableAsync(last.Http);
    }

    [Test]
    public async Task Pairs_that_were_collected_on_the_way_are_those_that_the_texts_have()
    {
        await SeedAsync();
        await using (var server = await DashboardProcess.StartAsync(_database, _redis))
        {
            await UntilBlocksAreFullAsync();
        }

        var collected = await PairsAsync();
        await _database.QueryAsync<long>("WITH gone AS (DELETE FROM search_pairs RETURNING 1) SELECT count(*) FROM gone");

        // This one has stored none of the passages: it has to read them.
        await using var reading = await DashboardProcess.StartAsync(_database, _redis);
        await UntilBlocksAreFullAsync();

        Assert.That(await PairsAsync(), Is.EqualTo(collected));

        Task<string> PairsAsync() => _database.QueryAsync<string>("SELECT string_agg(block || ' ' || rows || ' ' || md5(bits), ', ' ORDER BY block) FROM search_pairs");
    }

    [Test]
    public async Task PostgreSQL_goes_and_comes_back_and_indexing_goes_on()
    {
        await SeedAsync();
        var lease = await TakeLeaseAsync();
        await using var server = await DashboardProcess.StartAsync(_database, _redis);
        await lease.DisposeAsync();
        await Probe.Until(async () => await PassagesAsync() > 0, "some of it is searchable");
        await AllowConnectionsAsync(false);
        await Probe.Until(async () => !(await server.Http.GetAsync("/api/health/ready")).IsSuccessStatusCode, "the server has noticed");

        await AllowConnectionsAsync(true);
        // The test's own connections were cut as well.
        await using (var cut = new NpgsqlConnection(_database.ConnectionString))
        {
            NpgsqlConnection.ClearPool(cut);
        }

        await AssertAllIsSearchableAsync(server.Http);
    }

    [Test]
    public async Task A_phrase_of_words_that_are_everywhere_is_looked_for_only_where_they_are_neighbours()
    {
        await SeedAsync();
        await using var server = await DashboardProcess.StartAsync(_database, _redis);
        await UntilBlocksAreFullAsync();

        Assert.That(await _database.QueryAsync<bool>("SELECT count(*) = max(block) - min(block) + 1 FROM search_pairs"), Is.True, "without a hole");
        foreach (var phrase in new[] { "%22here+ends%22", "%22word+HERE%22+ends", "%22here+ends%22+last*" })
        {
            Assert.That(await FindAllAsync(server.Http, phrase), Is.EqualTo(Enumerable.Range(1, 12).Reverse().Select(n => $"seeded-{n * 500}")), phrase);
        }

        Assert.That(await FindAllAsync(server.Http, "%22here+ends%22+last500word"), Is.EqualTo(new[] { "seeded-500" }));
        Assert.That(await FindAllAsync(server.Http, "%22ends+here+ends%22"), Is.Empty);

        // Where the pairs say that it is nowhere, nothing is read.
        await _database.QueryAsync<long>(
            "WITH emptied AS (UPDATE search_pairs SET bits = decode(repeat('00', length(bits)), 'hex') RETURNING 1) SELECT count(*) FROM emptied");
        var newest = await _database.QueryAsync<long>("SELECT (max(block) + 1) * 1024 FROM search_pairs");
        var left = await _database.QueryAsync<long>(
            $"SELECT count(*) FROM search_passages WHERE part = 'output' AND id >= {newest} AND substring(task_id FROM '[0-9]+')::int % 500 = 0");
        Assert.That(await FindAllAsync(server.Http, "%22here+ends%22"), Has.Count.EqualTo(left));
    }

    private static async Task<List<string?>> FindAllAsync(HttpClient http, string query)
    {
        var found = new List<string?>();
        for (var after = ""; after is not null;)
        {
            var page = await http.GetFromJsonAsync<JsonElement>($"/api/tasks/search?q={query}&per_page=5&after={after}");
            Assert.That(page.GetProperty("complete").GetBoolean(), Is.True);
            found.AddRange(page.GetProperty("items").EnumerateArray().Select(hit => hit.Text("task_id")));
            after = page.GetProperty("next").GetString();
        }

        return found;
    }

    private async Task UntilBlocksAreFullAsync()
    {
        await Probe.Until(async () => await WaitingAsync() == 0, "nothing waits to be searchable", TimeSpan.FromMinutes(1));
        await Probe.Until(
            () => _database.QueryAsync<bool>("SELECT (SELECT max(block) FROM search_pairs) = (SELECT max(id) / 1024 - 1 FROM search_passages)"), "every full block has its pairs");
    }

    private async Task AssertAllIsSearchableAsync(HttpClient http)
    {
        await Probe.Until(async () => await WaitingAsync() == 0, "nothing waits to be searchable", TimeSpan.FromMinutes(1));
        var missing = await _database.QueryAsync<long>(
            """
            SELECT count(*) FROM task_log l WHERE 1 <>
                (SELECT count(*) FROM search_passages p WHERE p.task_id = l.task_id AND part = 'output' AND l."offset" BETWEEN first_offset AND last_offset)
            """);
        var inputs = await _database.QueryAsync<long>("SELECT count(*) FROM search_passages WHERE part = 'input'");
        Assert.That((missing, inputs), Is.EqualTo((0L, (long)Tasks)));
        foreach (var task in new[] { 1, 499, 500, 501, Tasks / 2, Tasks })
        {
            using var answer = await http.GetAsync($"/api/tasks/search?q=last{task}word");
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            var hits = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("items").EnumerateArray();
            Assert.That(hits.Select(hit => hit.Text("task_id")), Is.EqualTo(new[] { $"seeded-{task}" }));
        }
    }

    /// <summary>Whoever holds it is the only one who makes anything searchable.</summary>
    private async Task<NpgsqlConnection> TakeLeaseAsync()
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"SELECT pg_try_advisory_lock({PostgresLease.SearchKey})", connection);
        // A server that was killed holds it until PostgreSQL has noticed.
        await Probe.Until(async () => await command.ExecuteScalarAsync() is true, "the lease is free");
        return connection;
    }

    private Task<long> PassagesAsync() => _database.QueryAsync<long>("SELECT count(*) FROM search_passages");

    private Task<long> WaitingAsync() => _database.QueryAsync<long>("SELECT count(*) FROM search_queue");

    /// <summary>Tasks with some rows of output each, as if they had just been stored.</summary>
    private Task<long> SeedAsync() => _database.QueryAsync<long>(
        $$"""
        INSERT INTO sessions VALUES ('session', 'user', 'machine', now(), NULL, true);
        INSERT INTO tasks (task_id, session_id, user_id, status, agent_type, source, created_at, input_message, source_metadata, version)
        SELECT 'seeded-' || n, 'session', 'user', 'completed', 'webhook', 'github', now(), 'do it', '{}', 1 FROM generate_series(1, {{Tasks}}) AS n;
        INSERT INTO task_log (task_id, "offset", "timestamp", kind, output)
        SELECT 'seeded-' || n, i, now(), 'output', CASE WHEN i = {{RowsPerTask}} THEN 'last' || n || 'word' || CASE WHEN n % 500 = 0 THEN ' word here ends' ELSE ' ends here' END ELSE repeat('filler' || i || ' ', 100) END || E'\n'
        FROM generate_series(1, {{Tasks}}) AS n, generate_series(1, {{RowsPerTask}}) AS i;
        INSERT INTO search_queue (task_id, queued_at) SELECT task_id, now() - interval '1 minute' FROM tasks;
        SELECT count(*) FROM search_queue
        """);

    private async Task AllowConnectionsAsync(bool allow)
    {
        var server = new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Database = "postgres", Pooling = false };
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync();
        await using var alter = new NpgsqlCommand($"ALTER DATABASE {_database.Name} ALLOW_CONNECTIONS {allow}", connection);
        await alter.ExecuteNonQueryAsync();
        if (!allow)
        {
            await using var cut = new NpgsqlCommand($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{_database.Name}'", connection);
            await cut.ExecuteNonQueryAsync();
        }
    }
}
