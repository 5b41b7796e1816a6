using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Conversations;

[TestFixture]
internal sealed class ConversationTests : ConversationFixture
{
    private static readonly string[] Fields =
    [
        "conversation_id", "user_id", "title", "flow_id", "created_at", "updated_at", "is_archived", "metadata", "message_count", "total_cost_usd",
        "total_tasks", "total_duration_seconds", "started_at", "completed_at",
    ];

    [Test]
    public async Task A_conversation_has_the_shape_that_clients_know()
    {
        var created = await PostAsync("/api/conversations", new { title = "Fix it", source = "github", flow_id = "github:o/r#1", metadata = new { a = 1 } });

        var read = await GetAsync($"/api/conversations/{created.Text("conversation_id")}");
        Assert.Multiple(() =>
        {
            Assert.That(created.EnumerateObject().Select(field => field.Name), Is.SupersetOf(Fields));
            Assert.That(created.Text("conversation_id"), Does.StartWith("conv-"));
            Assert.That(created.Text("user_id"), Is.EqualTo("default-user"));
            Assert.That(created.GetProperty("metadata").GetRawText(), Is.EqualTo("""{"a":1,"source":"github"}"""));
            Assert.That(created.GetProperty("message_count").GetInt32(), Is.Zero);
            Assert.That(created.GetProperty("total_cost_usd").GetDecimal(), Is.Zero);
            Assert.That(created.Text("created_at"), Does.EndWith("Z"));
            Assert.That(read.Text("flow_id"), Is.EqualTo("github:o/r#1"));
            Assert.That(read.GetProperty("messages").GetArrayLength(), Is.Zero);
        });
    }

    [TestCase("""{"title":7}""", "title")]
    [TestCase("""{}""", "title")]
    [TestCase("""{"title":"t","metadata":[]}""", "metadata")]
    [TestCase("""{"title":"t","user_id":"a b"}""", "user_id")]
    public async Task A_bad_conversation_is_refused_with_the_name_of_the_field(string body, string field)
    {
        using var response = await Http.PostAsync("/api/conversations", Json(body));
        var text = await response.Content.ReadAsStringAsync();

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.UnprocessableEntity), text);
        Assert.That(JsonElement.Parse(text).GetProperty("errors").TryGetProperty(field, out _), Is.True, text);
    }

    [Test]
    public async Task The_list_is_last_changed_first_without_the_archived_and_pages_by_cursor()
    {
        var user = $"user-{Guid.NewGuid():N}";
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add((await PostAsync("/api/conversations", new { title = $"{i}", user_id = user })).Text("conversation_id")!);
        }

        await SayAsync(ids[0], "user", "news");
        await UpdateAsync(ids[1], new { is_archived = true });

        var paged = new List<string>();
        for (var cursor = ""; cursor is not null;)
        {
            using var response = await Http.GetAsync($"/api/conversations?user_id={user}&limit=2&cursor={cursor}&include_archived=");
            var page = JsonElement.Parse(await response.Content.ReadAsStringAsync());
            Assert.That(page.GetArrayLength(), Is.LessThanOrEqualTo(2));
            paged.AddRange(Ids(page));
            cursor = response.Headers.TryGetValues("Next-Cursor", out var next) ? next.Single() : null;
        }

        var all = await GetAsync($"/api/conversations?user_id={user}&include_archived=true");
        Assert.Multiple(() =>
        {
            Assert.That(paged, Is.EqualTo(new[] { ids[0], ids[4], ids[3], ids[2] }));
            Assert.That(Ids(all), Is.EqualTo(new[] { ids[1], ids[0], ids[4], ids[3], ids[2] }));
            Assert.That(all[1].GetProperty("message_count").GetInt32(), Is.EqualTo(1));
        });
    }

    [Test]
    public async Task The_list_is_filtered_by_title_thread_and_archive()
    {
        var user = $"user-{Guid.NewGuid():N}";
        var thread = $"github:o/r#{Guid.NewGuid():N}";
        foreach (var title in new[] { "Fix the LOGIN page", "100% of_it", "login again" })
        {
            await PostAsync("/api/conversations", new { title, user_id = user, flow_id = title == "login again" ? thread : null });
        }

        var archived = (await GetAsync($"/api/conversations?user_id={user}&text=login%20again"))[0].Text("conversation_id")!;
        await UpdateAsync(archived, new { is_archived = true });

        Assert.Multiple(async () =>
        {
            Assert.That(await TitlesAsync("text=login"), Is.EqualTo(new[] { "Fix the LOGIN page" }));
            Assert.That(await TitlesAsync("text=login&include_archived=true"), Is.EqualTo(new[] { "login again", "Fix the LOGIN page" }));
            Assert.That(await TitlesAsync("archived=true"), Is.EqualTo(new[] { "login again" }));
            Assert.That(await TitlesAsync("archived=false&include_archived=true"), Is.EqualTo(new[] { "100% of_it", "Fix the LOGIN page" }));
            Assert.That(await TitlesAsync("text=0%25%20o"), Is.EqualTo(new[] { "100% of_it" }));
            Assert.That(await TitlesAsync("text=%25%25%25"), Is.Empty);
            Assert.That(await TitlesAsync("text=___"), Is.Empty);
            Assert.That(await TitlesAsync(@"text=%5C%25%00"), Is.Empty);
            Assert.That(await TitlesAsync($"archived=true&flow_id={Uri.EscapeDataString(thread)}"), Is.EqualTo(new[] { "login again" }));
            Assert.That(await TitlesAsync($"flow_id={Uri.EscapeDataString(thread)}"), Is.Empty);
        });

        async Task<IEnumerable<string?>> TitlesAsync(string query) =>
            (await GetAsync($"/api/conversations?user_id={user}&{query}")).EnumerateArray().Select(conversation => conversation.Text("title"));
    }

    [TestCase("limit=0")]
    [TestCase("text=ab")]
    [TestCase("archived=perhaps")]
    [TestCase("limit=201")]
    [TestCase("offset=-1")]
    [TestCase("cursor=nonsense")]
    [TestCase("include_archived=maybe")]
    public Task A_list_that_cannot_be_is_refused(string query) => GetAsync($"/api/conversations?{query}", HttpStatusCode.UnprocessableEntity);

    [TestCase("jira%3AKAN-6", "jira:KAN-6")]
    [TestCase("github%3Aowner%2Frepo%2342", "github:owner/repo#42")]
    [TestCase("github:owner/repo%237", "github:owner/repo#7")]
    [TestCase("odd%252Fone%3F", "odd%2Fone?")]
    public async Task A_thread_finds_its_newest_conversation_however_its_name_is_encoded(string encoded, string flowId)
    {
        await PostAsync("/api/conversations", new { title = "older", flow_id = flowId });
        var newer = await PostAsync("/api/conversations", new { title = "newer", flow_id = flowId });

        // As it stands: the client's Uri must not decode anything itself.
        var address = new Uri($"{Server.Address.GetLeftPart(UriPartial.Authority)}/api/conversations/by-flow/{encoded}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var found = JsonElement.Parse(await Http.GetStringAsync(address));

        Assert.That(found.Text("conversation_id"), Is.EqualTo(newer.Text("conversation_id")));
        Assert.That(found.Text("flow_id"), Is.EqualTo(flowId));
        await GetAsync("/api/conversations/by-flow/github%3Anobody%2Fnothing%231", HttpStatusCode.NotFound);
    }

    [Test]
    public async Task The_newest_messages_come_first_page_by_page_each_page_oldest_first()
    {
        var id = await BeginAsync();
        for (var i = 1; i <= 7; i++)
        {
            await SayAsync(id, i % 2 == 1 ? "user" : "assistant", $"m{i}");
        }

        var pages = new List<string>();
        for (var cursor = ""; cursor is not null;)
        {
            using var response = await Http.GetAsync($"/api/conversations/{id}/messages?limit=3&cursor={cursor}");
            pages.Add(string.Join(' ', Contents(JsonElement.Parse(await response.Content.ReadAsStringAsync()))));
            cursor = response.Headers.TryGetValues("Next-Cursor", out var next) ? next.Single() : null;
        }

        var context = await GetAsync($"/api/conversations/{id}/context?max_messages=2&roles=user,system");
        Assert.Multiple(async () =>
        {
            Assert.That(pages, Is.EqualTo(new[] { "m5 m6 m7", "m2 m3 m4", "m1" }));
            Assert.That(Contents(await GetAsync($"/api/conversations/{id}/messages?limit=2&offset=1")), Is.EqualTo(new[] { "m5", "m6" }));
            Assert.That(Contents(context), Is.EqualTo(new[] { "m5", "m7" }));
            Assert.That(context[0].EnumerateObject().Select(field => field.Name), Is.EqualTo(new[] { "role", "content", "created_at" }));
            Assert.That((await GetAsync($"/api/conversations/{id}")).GetProperty("messages").GetArrayLength(), Is.EqualTo(7));
            Assert.That((await GetAsync($"/api/conversations/{id}?include_messages=false")).TryGetProperty("messages", out _), Is.False);
        });
    }

    [Test]
    public async Task A_message_has_the_shape_that_clients_know()
    {
        var id = await BeginAsync();
        var said = await PostAsync(
            $"/api/conversations/{id}/messages", new { role = "system", content = "a\0b", task_id = "task-7", metadata = new { k = "v" } });

        Assert.Multiple(async () =>
        {
            Assert.That(said.EnumerateObject().Select(field => field.Name),
                Is.EqualTo(new[] { "message_id", "conversation_id", "role", "content", "task_id", "created_at", "metadata" }));
            Assert.That(said.Text("message_id"), Does.StartWith("msg-"));
            Assert.That(JsonElement.DeepEquals((await GetAsync($"/api/conversations/{id}/messages"))[0], said), Is.True);
            Assert.That(said.Text("content"), Is.EqualTo("a\uFFFDb"));
        });
    }

    [Test]
    public async Task What_no_conversation_can_take_is_refused()
    {
        var id = await BeginAsync();
        await SayAsync(id, "robot", "x", expected: HttpStatusCode.UnprocessableEntity);
        await SayAsync(id, "user", null!, expected: HttpStatusCode.UnprocessableEntity);
        await SayAsync(id, "user", new string('x', 1_000_001), expected: HttpStatusCode.UnprocessableEntity);
        await SayAsync("conv-none", "user", "x", expected: HttpStatusCode.NotFound);
        foreach (var path in new[] { "", "/messages", "/metrics", "/context", "/log" })
        {
            var problem = await GetAsync($"/api/conversations/conv-none{path}", HttpStatusCode.NotFound);
            Assert.That(problem.Text("detail"), Is.EqualTo("Conversation not found"));
        }

        Assert.That((await GetAsync($"/api/conversations/{id}")).GetProperty("message_count").GetInt32(), Is.Zero);
    }

    [Test]
    public async Task Many_who_speak_at_once_are_all_heard_each_in_a_place_of_its_own()
    {
        var id = await BeginAsync();
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => SayAsync(id, "user", $"m{i}")));

        var messages = Contents(await GetAsync($"/api/conversations/{id}/messages"));
        var log = (await GetAsync($"/api/conversations/{id}/log")).GetProperty("entries").EnumerateArray().ToList();
        Assert.Multiple(async () =>
        {
            Assert.That((await GetAsync($"/api/conversations/{id}")).GetProperty("message_count").GetInt32(), Is.EqualTo(40));
            Assert.That(messages, Is.Unique.And.Length.EqualTo(40));
            Assert.That(log.Select(entry => entry.Offset()), Is.EqualTo(Enumerable.Range(1, 40)));
            Assert.That(log.Select(entry => entry.GetProperty("message").Text("content")), Is.EqualTo(messages));
        });
    }

    [Test]
    public async Task A_conversation_is_changed_cleared_and_deleted()
    {
        var id = await BeginAsync();
        await SayAsync(id, "user", "one");
        await SayAsync(id, "user", "two");

        var updated = await UpdateAsync(id, new { title = "new", metadata = new { k = 1 } });
        var cleared = await PostAsync($"/api/conversations/{id}/clear", new { });
        var said = await SayAsync(id, "user", "three");
        Assert.Multiple(async () =>
        {
            Assert.That((updated.Text("title"), updated.GetProperty("is_archived").GetBoolean()), Is.EqualTo(("new", false)));
            Assert.That(cleared.GetRawText(), Is.EqualTo("""{"success":true,"message":"Cleared 2 messages from conversation","data":null,"error":null}"""));
            Assert.That(Contents(await GetAsync($"/api/conversations/{id}/messages")), Is.EqualTo(new[] { "three" }));
            Assert.That((await GetAsync($"/api/conversations/{id}")).GetProperty("message_count").GetInt32(), Is.EqualTo(1));
            Assert.That(said.Text("content"), Is.EqualTo("three"));
        });

        using var deleted = await Http.DeleteAsync($"/api/conversations/{id}");
        Assert.That(await deleted.Content.ReadAsStringAsync(),
            Is.EqualTo("""{"success":true,"message":"Conversation deleted successfully","data":null,"error":null}"""));
        using var again = await Http.DeleteAsync($"/api/conversations/{id}");
        Assert.That(again.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(await Database.QueryAsync<long>($"SELECT count(*) FROM conversation_messages WHERE conversation_id = '{id}'"), Is.Zero);
        Assert.That(await Database.QueryAsync<long>($"SELECT count(*) FROM conversation_log WHERE conversation_id = '{id}'"), Is.Zero);
    }

    [Test]
    public async Task Each_run_counts_once_however_often_and_in_whatever_order_it_is_reported()
    {
        var (taskId, id) = await ChatAsync("count me");
        await PatchAsync($"/api/tasks/{taskId}", new { status = "running" });
        await PublishAsync($"task:{taskId}:status", """{"status":"completed","result":{"cost_usd":0.25}}""");
        await Probe.Until(async () => await StatusOfAsync(taskId) == "completed", "completed is taken");
        var final = new { status = "failed", cost_usd = 0.5, input_tokens = 1, output_tokens = 2, duration_seconds = 12.5 };
        await PatchAsync($"/api/tasks/{taskId}", final);
        await PatchAsync($"/api/tasks/{taskId}", final);
        var (second, _) = await ChatAsync("and me", id);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => PatchAsync($"/api/tasks/{second}", new { status = "completed", cost_usd = 0.25, duration_seconds = 2.5 })));
        await ChatAsync("not me: I have not ended", id);

        var metrics = await GetAsync($"/api/conversations/{id}/metrics");
        Assert.Multiple(async () =>
        {
            Assert.That(metrics.GetProperty("total_tasks").GetInt32(), Is.EqualTo(2));
            Assert.That(metrics.GetProperty("total_cost_usd").GetDecimal(), Is.EqualTo(0.75m));
            Assert.That(metrics.GetProperty("total_duration_seconds").GetDouble(), Is.EqualTo(15).Within(1e-9));
            Assert.That(metrics.GetProperty("average_cost_per_task").GetDecimal(), Is.EqualTo(0.375m));
            Assert.That(metrics.GetProperty("task_breakdown").GetRawText(), Does.Contain("\"failed\":1").And.Contain("\"completed\":1").And.Contain("\"queued\":1"));
            Assert.That(metrics.GetProperty("started_at").GetDateTimeOffset(), Is.LessThan(metrics.GetProperty("completed_at").GetDateTimeOffset()));
            Assert.That((await GetAsync($"/api/conversations/{id}")).GetProperty("total_cost_usd").GetDecimal(), Is.EqualTo(0.75m));
        });
    }

    [Test]
    public async Task Many_runs_of_one_conversation_that_end_at_once_all_count()
    {
        var id = await BeginAsync();
        var tasks = new List<string>();
        for (var i = 0; i < 20; i++)
        {
            tasks.Add((await ChatAsync($"{i}", id)).TaskId);
        }

        await Task.WhenAll(tasks.Select(task => PatchAsync($"/api/tasks/{task}", new { status = "completed", cost_usd = 0.125 })));

        var metrics = await GetAsync($"/api/conversations/{id}/metrics");
        Assert.That((metrics.GetProperty("total_tasks").GetInt32(), metrics.GetProperty("total_cost_usd").GetDecimal()), Is.EqualTo((20, 2.5m)));
    }

    private async Task<JsonElement> UpdateAsync(string id, object body)
    {
        using var response = await Http.PutAsJsonAsync($"/api/conversations/{id}", body);
        return JsonElement.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync());
    }

    private static string[] Ids(JsonElement list) => [.. list.EnumerateArray().Select(item => item.Text("conversation_id")!)];

    private static string[] Contents(JsonElement list) => [.. list.EnumerateArray().Select(item => item.Text("content")!)];
}
