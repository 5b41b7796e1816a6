using System.Diagnostics;
using System.Net;
using System.Text.Json;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Tasks;

[TestFixture]
internal sealed class SearchTaskLogTests : ServerFixture
{
    [Test]
    public async Task Lines_are_found_as_text_and_by_expression_with_their_names_and_places()
    {
        var id = await RegisterAsync();
        await PatchAsync($"/api/tasks/{id}", new { status = "running" });
        await PublishAsync($"task:{id}:output", "one Error: a.b\nstart of ");
        await PublishAsync($"task:{id}:output", "an error, error\ntwo\n");
        await PublishAsync($"task:{id}:output", """{"output":"no error here\nerror 42","kind":"tool_result"}""");
        var log = await ReadLogAsync(id, 5);
        var first = log.First(entry => entry.Text("kind") is not null).Offset();

        var all = await SearchAsync(id, "q=ERROR");
        Assert.Multiple(async () =>
        {
            Assert.That(all.Select(hit => hit.Text("address")), Is.EqualTo(new[] { $"L{first}", $"L{first}.1", $"L{first + 2}", $"L{first + 2}.1" }));
            Assert.That(all[1].Text("snippet"), Is.EqualTo("start of an error, error"));
            Assert.That(all[1].GetProperty("ranges").GetRawText(), Is.EqualTo("[[12,17],[19,24]]"));
            Assert.That(await SearchAsync(id, "q=error&case=true&kinds=tool_result"), Has.Count.EqualTo(2));
            Assert.That(await SearchAsync(id, "q=Error&case=true"), Has.Count.EqualTo(1));
            Assert.That(await SearchAsync(id, "q=a.b"), Has.Count.EqualTo(1));
            Assert.That(await SearchAsync(id, "q=" + Uri.EscapeDataString(@"^error \d+$") + "&regex=true"), Has.Count.EqualTo(1));
            Assert.That(await SearchAsync(id, "q=" + Uri.EscapeDataString(@"^error \d+$")), Is.Empty);
            Assert.That(await SearchAsync(id, "q=x*&regex=true"), Is.Empty);
        });
    }

    [Test]
    public async Task Pages_go_on_where_the_last_one_ended_whatever_the_pieces_in_which_lines_came()
    {
        var id = await RegisterAsync();
        await PatchAsync($"/api/tasks/{id}", new { status = "running" });
        var text = string.Concat(Enumerable.Range(0, 60).Select(i => $"line {i} hit\n"));
        foreach (var piece in text.Chunk(37))
        {
            await PublishAsync($"task:{id}:output", new string(piece));
        }

        await Probe.Until(async () => string.Concat(await ReadOutputAsync(id)) == text, "all of it is stored");
        var whole = (await SearchAsync(id, "q=hit&limit=1000")).Select(hit => hit.Text("address")).ToList();
        foreach (var limit in new[] { 1, 2, 7 })
        {
            var paged = new List<string?>();
            for (var after = ""; after is not null;)
            {
                var page = await GetAsync($"/api/tasks/{id}/log/search?q=hit&limit={limit}&after={after}");
                paged.AddRange(page.GetProperty("items").EnumerateArray().Select(hit => hit.Text("address")));
                after = page.Text("next");
                Assert.That(page.GetProperty("more").GetBoolean(), Is.EqualTo(after is not null));
            }

            Assert.That(paged, Is.EqualTo(whole), $"by {limit}");
        }

        Assert.That(whole, Is.Unique.And.Count.EqualTo(60));
    }

    [TestCase("q=")]
    [TestCase("q=(&regex=true")]
    [TestCase("q=(%3F%3Dx)&regex=true")]
    [TestCase("q=x&limit=0")]
    [TestCase("q=x&limit=1001")]
    [TestCase("q=x&after=0.0")]
    [TestCase("q=x&kinds=noise")]
    public async Task What_cannot_be_searched_for_is_refused(string query) =>
        await GetAsync($"/api/tasks/{await RegisterAsync()}/log/search?{query}", HttpStatusCode.UnprocessableEntity);

    [Test]
    public Task An_unknown_task_is_not_found() => GetAsync("/api/tasks/task-none/log/search?q=x", HttpStatusCode.NotFound);

    [Test]
    public async Task Fifty_thousand_lines_are_searched_soon_and_no_expression_burns_time()
    {
        var id = await RegisterAsync();
        await Database.QueryAsync<long>(
            $$"""
            WITH lines AS (INSERT INTO task_log (task_id, "offset", "timestamp", kind, output)
                SELECT '{{id}}', 10 + i, now(), 'output', 'line ' || i || ' ' || repeat('a', 60) || E'\n' FROM generate_series(1, 50000) i RETURNING 1)
            SELECT count(*) FROM lines
            """);
        await SearchAsync(id, "q=warm");

        var clock = Stopwatch.StartNew();
        var hits = new List<JsonElement>();
        for (var after = ""; after is not null;)
        {
            var page = await GetAsync($"/api/tasks/{id}/log/search?q=line%204999&after={after}");
            hits.AddRange(page.GetProperty("items").EnumerateArray());
            after = page.Text("next");
        }

        TestContext.Out.WriteLine($"50,000 lines in {clock.ElapsedMilliseconds} ms");
        Assert.That(hits, Has.Count.EqualTo(11));
        clock.Restart();
        await GetAsync($"/api/tasks/{id}/log/search?regex=true&q=" + Uri.EscapeDataString("(a+)+b$"));
        // One request searches for about a second, then it says how to go on.
        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(10)));
    }

    private async Task<List<JsonElement>> SearchAsync(string id, string query) =>
        [.. (await GetAsync($"/api/tasks/{id}/log/search?{query}")).GetProperty("items").EnumerateArray()];
}
