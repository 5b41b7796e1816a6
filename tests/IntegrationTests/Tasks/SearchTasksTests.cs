using System.Net;
using System.Text.Json;
using GrooteDashboard.Testing;
using Npgsql;

namespace GrooteDashboard.IntegrationTests.Tasks;

[TestFixture]
internal sealed class SearchTasksTests : ServerFixture
{
    [Test]
    public async Task Every_part_of_a_task_is_found_by_its_words()
    {
        var word = NewWord();
        var id = NewTaskId();
        await PostAsync("/api/tasks", new { task_id = id, source = "github", input_message = $"please mend {word}Input" });
        await PatchAsync($"/api/tasks/{id}", new { status = "running" });
        await PublishAsync($"task:{id}:output", $"line one\nin {word}Output we trust\n");
        await PatchAsync($"/api/tasks/{id}", new { status = "failed", result = $"{word}Result", error = $"{word}Error" });

        await UntilFoundAsync($"{word}Error", 1);
        foreach (var part in new[] { "input", "output", "result", "error" })
        {
            var hits = await UntilFoundAsync($"{word}{part}", 1);
            Assert.That((hits[0].Text("task_id"), hits[0].Text("field"), hits[0].Text("status"), hits[0].Text("source")), Is.EqualTo((id, part, "failed", "github")));
            Assert.That(Marked(hits[0]), Is.EqualTo(new[] { word + char.ToUpperInvariant(part[0]) + part[1..] }));
            Assert.That(await FindAsync($"{word}{part}&in={part}"), Has.Count.EqualTo(1));
            Assert.That(await FindAsync($"{word}{part}&in={(part == "input" ? "output" : "input")}"), Is.Empty);
        }
    }

    [Test]
    public async Task A_hit_in_output_names_its_line_as_the_page_does()
    {
        var word = NewWord();
        var id = await OutputAsync("first\nsecond\nthe third ", $"line has {word}\n", "last\n");

        var hit = (await UntilFoundAsync(word, 1))[0];

        var start = (await ReadLogAsync(id)).First(entry => entry.Text("output")?.StartsWith("first", StringComparison.Ordinal) is true).Offset();
        Assert.Multiple(() =>
        {
            Assert.That(hit.Text("snippet"), Is.EqualTo($"the third line has {word}"));
            Assert.That((hit.GetProperty("offset").GetInt64(), hit.GetProperty("line").GetInt32()), Is.EqualTo((start, 2)));
            Assert.That(hit.Text("address"), Is.EqualTo($"L{start}.2"));
            Assert.That(hit.GetProperty("ranges").GetRawText(), Is.EqualTo($"[[19,{19 + word.Length}]]"));
            Assert.That(hit.Text("kind"), Is.EqualTo("output"));
        });
    }

    [Test]
    public async Task Identifiers_paths_phrases_and_beginnings_are_found_and_what_stands_elsewhere_is_not()
    {
        var w = NewWord();
        await OutputAsync($"at src/{w}/foo_bar.cs:12 in {w}HttpServer.MaxPageSize \"the {w} quick fox\" größer 東京{w}\n");
        await UntilFoundAsync(w, 1);

        foreach (var query in new[]
        {
            w.ToUpperInvariant(), $"{w} foo_bar", $"{w} bar", $"{w} http", $"{w} server", $"{w} maxpagesize", $"{w} page", $"src/{w}/foo_bar.cs:12", $"SRC/{w}",
            $"\"{w} quick fox\"", $"{w} qui*", $"{w[..6]}*", $"{w} GRÖSSER".Replace("GRÖSSER", "GRÖßER", StringComparison.Ordinal), $"東京{w}", $"京 {w}", $"{w} - fox",
        })
        {
            Assert.That(await FindAsync(Uri.EscapeDataString(query)), Has.Count.EqualTo(1), query);
        }

        foreach (var query in new[] { $"{w} nothere", $"\"{w} fox\"", $"src/foo_bar.cs/{w}", $"{w[1..]}", $"{w} quic", $"京東 {w}" })
        {
            Assert.That(await FindAsync(Uri.EscapeDataString(query)), Is.Empty, query);
        }
    }

    [TestCase("", "q")]
    [TestCase("q=", "q")]
    [TestCase("q=%2D%3E", "q")]
    [TestCase("q=ab*", "q")]
    [TestCase("q=word&in=title", "in")]
    [TestCase("q=word&per_page=0", "per_page")]
    [TestCase("q=word&per_page=1001", "per_page")]
    [TestCase("q=word&after=x", "after")]
    [TestCase("q=word&after=5.1000", "after")]
    [TestCase("q=word&status=gone", "status")]
    [TestCase("q=word&date_from=2026-02-03&date_to=2026-02-01", "date_to")]
    public async Task What_cannot_be_searched_for_is_refused_by_name(string query, string field)
    {
        using var response = await Http.GetAsync($"/api/tasks/search?{query}");
        var text = await response.Content.ReadAsStringAsync();
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.UnprocessableEntity), text);
        Assert.That(JsonElement.Parse(text).GetProperty("errors").TryGetProperty(field, out _), Is.True, text);
    }

    [TestCase("' OR 1=1 --")]
    [TestCase("\\'; DROP TABLE tasks; --")]
    [TestCase("a & !b | (c:*")]
    [TestCase("%_\\")]
    [TestCase("s:1")]
    [TestCase("x\0y")]
    public async Task Whatever_is_searched_for_is_only_ever_text(string query)
    {
        using var response = await Http.GetAsync($"/api/tasks/search?q={Uri.EscapeDataString(query)}");
        Assert.That(response.StatusCode, Is.AnyOf(HttpStatusCode.OK, HttpStatusCode.UnprocessableEntity));
        await GetAsync("/api/tasks");
    }

    [Test]
    public async Task Hits_come_newest_first_in_pages_and_only_of_tasks_that_match_the_filter()
    {
        var word = NewWord();
        var ids = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            ids.Add(NewTaskId());
            await PostAsync("/api/tasks", new { task_id = ids[i], source = "jira", input_message = $"{word} {i}", assigned_agent = i % 2 == 0 ? "even" : "odd" });
            await UntilFoundAsync(word, i + 1);
        }

        var paged = new List<string>();
        for (var after = ""; after is not null;)
        {
            var page = await GetAsync($"/api/tasks/search?q={word}&per_page=3&after={after}");
            paged.AddRange(page.GetProperty("items").EnumerateArray().Select(hit => hit.Text("task_id")!));
            after = page.Text("next");
        }

        ids.Reverse();
        Assert.Multiple(async () =>
        {
            Assert.That(paged, Is.EqualTo(ids));
            Assert.That((await FindAsync($"{word}&agent=odd")).Select(hit => hit.Text("task_id")), Is.EqualTo(ids.Where((_, i) => i % 2 == 1)));
            Assert.That(await FindAsync($"{word}&status=completed"), Is.Empty);
            Assert.That(await FindAsync($"{word}&status=queued,failed&date_from=2020-01-01"), Has.Count.EqualTo(7));
        });
    }

    [Test]
    public async Task Output_that_comes_slowly_is_one_passage_and_a_long_one_is_several()
    {
        var (one, two, far) = (NewWord(), NewWord(), NewWord());
        var id = await OutputAsync($"{one}\n");
        await UntilFoundAsync(one, 1);
        await PublishAsync($"task:{id}:output", $"{two}\n");
        await UntilFoundAsync(two, 1);
        // Words of one passage are found together, whenever they came.
        await UntilFoundAsync($"{one} {two}", 1);

        for (var i = 0; i < 40; i++)
        {
            await PublishAsync($"task:{id}:output", string.Concat(Enumerable.Repeat($"filler{i} ", 100)) + "\n");
        }

        await PublishAsync($"task:{id}:output", $"{far}\n");
        await UntilFoundAsync(far, 1);
        Assert.That(await FindAsync($"{one} {far}"), Is.Empty);
        Assert.That(await FindAsync($"{one} {two}"), Has.Count.EqualTo(1));
        // Every row is in exactly one passage.
        await Probe.Until(async () => await Database.QueryAsync<long>("SELECT count(*) FROM search_queue") == 0, "nothing waits");
        Assert.That(
            await Database.QueryAsync<long>(
                $"""
                SELECT count(*) FROM task_log l WHERE task_id = '{id}' AND kind = 'output' AND 1 <>
                    (SELECT count(*) FROM search_passages p WHERE p.task_id = l.task_id AND part = 'output' AND l."offset" BETWEEN first_offset AND last_offset)
                """), Is.Zero);
    }

    [Test]
    public async Task A_result_that_is_corrected_is_found_as_it_is_now()
    {
        var (before, after) = (NewWord(), NewWord());
        var id = await RegisterAsync();
        await PublishAsync($"task:{id}:status", JsonSerializer.Serialize(new { status = "completed", result = new { summary = before } }));
        await UntilFoundAsync(before, 1);
        await PatchAsync($"/api/tasks/{id}", new { status = "completed", result = after });

        await UntilFoundAsync(after, 1);
        Assert.That(await FindAsync(before), Is.Empty);
    }

    [Test]
    public async Task The_list_is_filtered_by_a_text_in_what_was_asked_or_in_the_id()
    {
        var word = NewWord();
        var id = NewTaskId();
        await PostAsync("/api/tasks", new { task_id = id, source = "jira", input_message = $"100%_sure\\ that {word}Größe holds" });
        await RegisterAsync();

        foreach (var text in new[] { $"{word[3..].ToUpperInvariant()}GRÖ", $"0%_sure\\ that {word}", id[3..], $" {word} " })
        {
            var page = await GetAsync($"/api/tasks?text={Uri.EscapeDataString(text)}");
            Assert.That(page.GetProperty("items").EnumerateArray().Select(task => task.Text("task_id")), Is.EqualTo(new[] { id }), text);
        }

        foreach (var text in new[] { $"1%{word}", $"{word}_r", "''; DROP TABLE tasks" })
        {
            Assert.That((await GetAsync($"/api/tasks?text={Uri.EscapeDataString(text)}")).GetProperty("items").GetArrayLength(), Is.Zero, text);
        }

        await GetAsync("/api/tasks?text=ab", HttpStatusCode.UnprocessableEntity);
        await GetAsync("/api/tasks?text=");
    }

    /// <summary>On few tasks PostgreSQL reads them all; where it may not, this is the index that it takes.</summary>
    [Test]
    public async Task The_text_filter_has_an_index()
    {
        var plan = await Database.QueryAsync<string>(
            """
            SET enable_seqscan = off; EXPLAIN (FORMAT JSON) SELECT 1 FROM tasks WHERE lower(task_id || ' ' || substring(input_message, 1, 1000)) LIKE '%needle%'
            """);
        Assert.That(plan, Does.Contain("ix_tasks_text"));
    }

    [Test]
    public async Task How_far_search_is_behind_stands_in_health()
    {
        await OutputAsync($"{NewWord()}\n");
        await Probe.Until(
            async () => (await GetAsync("/api/health")).GetProperty("search") is var search && search.Text("status") == "running"
                && search.GetProperty("queue").GetInt64() == 0, "the queue is empty");
    }

    /// <summary>The table is locked, so that every statement waits until it is given up.</summary>
    [TestCase("/api/tasks/search?q=word", "search_passages")]
    [TestCase("/api/tasks?text=needle", "tasks")]
    [TestCase("/api/tasks?text=needle&limit=10", "tasks")]
    [TestCase("/api/conversations?text=needle", "conversations")]
    public async Task A_search_that_takes_too_long_is_given_up_with_a_sentence(string path, string table)
    {
        await using (await LockAsync(table))
        {
            var problem = await GetAsync(path, HttpStatusCode.UnprocessableEntity);
            Assert.That(problem.Text("detail"), Does.StartWith("The search takes too long."));
        }

        await GetAsync(path);
    }

    /// <summary>More than one passage holds the words, only the oldest the phrase: the search looks through all of them, in portions, and finds it once.</summary>
    [Test]
    public async Task A_phrase_is_found_behind_hundreds_of_passages_that_hold_its_words_elsewhere()
    {
        var (one, two) = (NewWord(), NewWord());
        var id = NewTaskId();
        await PostAsync("/api/tasks", new { task_id = id, source = "jira", input_message = $"first {one} {two}" });
        await UntilFoundAsync($"{one} {two}", 1);
        await Database.QueryAsync<long>(
            $$"""
            WITH added AS (
                INSERT INTO tasks (task_id, session_id, user_id, status, agent_type, source, created_at, input_message, source_metadata, version)
                SELECT '{{one}}-' || n, session_id, user_id, 'queued', 'webhook', CASE WHEN n % 2 = 0 THEN 'github' ELSE 'jira' END, now(), '{{two}} {{one}} ' || n, '{}', 1
                FROM tasks, generate_series(1, 900) AS n WHERE task_id = '{{id}}' RETURNING task_id),
            queued AS (INSERT INTO search_queue (task_id) SELECT task_id FROM added RETURNING 1)
            SELECT count(*) FROM queued
            """);
        await Probe.Until(async () => await Database.QueryAsync<long>("SELECT count(*) FROM search_queue") == 0, "all of them are searchable");

        var phrase = Uri.EscapeDataString($"\"{one} {two}\"");
        Assert.Multiple(async () =>
        {
            Assert.That((await FindAsync(phrase)).Select(hit => hit.Text("task_id")), Is.EqualTo(new[] { id }));
            Assert.That((await FindAsync(phrase + "&source=jira")).Select(hit => hit.Text("task_id")), Is.EqualTo(new[] { id }));
            Assert.That(await FindAsync(phrase + "&source=github"), Is.Empty);
            Assert.That(await FindAsync($"{one} {two}&source=github&per_page=100"), Has.Count.EqualTo(100).And.All.Matches<JsonElement>(hit => hit.Text("source") == "github"));
        });
    }

    private static string NewWord() => "w" + Guid.NewGuid().ToString("N")[..12].Replace('0', 'g');

    private static string[] Marked(JsonElement hit) =>
        [.. hit.GetProperty("ranges").EnumerateArray().Select(range => hit.Text("snippet")![range[0].GetInt32()..range[1].GetInt32()])];

    private async Task<string> OutputAsync(params string[] chunks)
    {
        var id = await RegisterAsync();
        await PatchAsync($"/api/tasks/{id}", new { status = "running" });
        foreach (var chunk in chunks)
        {
            await PublishAsync($"task:{id}:output", chunk);
        }

        return id;
    }

    private async Task<List<JsonElement>> FindAsync(string query) =>
        [.. (await GetAsync($"/api/tasks/search?q={query}")).GetProperty("items").EnumerateArray()];

    private async Task<List<JsonElement>> UntilFoundAsync(string query, int count)
    {
        List<JsonElement> hits = [];
        await Probe.Until(async () => (hits = await FindAsync(query)).Count == count, $"{query} is found {count} times");
        return hits;
    }

    /// <returns>Who holds the lock, until disposed of.</returns>
    private async Task<NpgsqlConnection> LockAsync(string table)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Database.ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }
}
