using System.Net;
using System.Text.Json;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Tasks;

[TestFixture]
internal sealed class ListTasksTests : ServerFixture
{
    private readonly List<string> _ids = [];

    [OneTimeSetUp]
    public async Task SeedTasks()
    {
        for (var i = 0; i < 25; i++)
        {
            var id = await RegisterAsync($"list-{i:00}", agent: i % 2 == 0 ? "brain" : "executor");
            _ids.Insert(0, id);
            if (i < 5)
            {
                await PatchAsync($"/api/tasks/{id}", new { status = i < 3 ? "running" : "cancelled" });
            }
        }

        await Database.QueryAsync<long>(
            """
            WITH figures AS (
                UPDATE tasks SET cost_usd = CASE task_id WHEN 'list-03' THEN 0.5 WHEN 'list-04' THEN 1.25 END,
                    duration_seconds = CASE task_id WHEN 'list-00' THEN 10.5 WHEN 'list-01' THEN 100.5 WHEN 'list-02' THEN 30 END,
                    started_at = created_at, completed_at = CASE WHEN task_id IN ('list-03', 'list-04') THEN created_at + interval '2 s' END
                WHERE task_id < 'list-05' RETURNING 1),
            belonging AS (
                UPDATE tasks SET agent_type = 'review', source = 'jira', conversation_id = 'conv-1', flow_id = 'jira:K-1', parent_task_id = 'list-00'
                WHERE task_id = 'list-05' RETURNING 1),
            session AS (
                INSERT INTO sessions VALUES ('session-1', 'user-1', 'm', now(), NULL, true) RETURNING 1)
            SELECT (SELECT count(*) FROM figures) + (SELECT count(*) FROM belonging) + (SELECT count(*) FROM session)
            """);
        await Database.QueryAsync<long>("WITH moved AS (UPDATE tasks SET session_id = 'session-1' WHERE task_id = 'list-05' RETURNING 1) SELECT count(*) FROM moved");
    }

    [Test]
    public async Task GET_tasks_returns_paginated_results_newest_first()
    {
        var first = await GetAsync("/api/tasks?page=1&per_page=10");
        var last = await GetAsync("/api/tasks?page=3&per_page=10");

        Assert.Multiple(() =>
        {
            Assert.That(first.GetProperty("total").GetInt64(), Is.EqualTo(25));
            Assert.That(first.GetProperty("pages").GetInt64(), Is.EqualTo(3));
            Assert.That(first.GetProperty("page").GetInt32(), Is.EqualTo(1));
            Assert.That(first.GetProperty("per_page").GetInt32(), Is.EqualTo(10));
            Assert.That(Ids(first), Is.EqualTo(_ids.Take(10)));
            Assert.That(Ids(last), Is.EqualTo(_ids.Skip(20)));
        });
    }

    [TestCase("status=running", 3)]
    [TestCase("status=running,cancelled", 5)]
    [TestCase("status=running&status=cancelled", 5)]
    [TestCase("status=in_progress", 3)]
    [TestCase("agent=executor", 12)]
    [TestCase("agent=executor,brain", 25)]
    [TestCase("agent=executor&agent=nobody", 12)]
    [TestCase("agent=executor&status=running", 1)]
    [TestCase("agent=nobody", 0)]
    [TestCase("agent_type=webhook", 24)]
    [TestCase("agent_type=review", 1)]
    [TestCase("source=jira", 1)]
    [TestCase("session=session-1", 1)]
    [TestCase("session_id=session-1", 1)]
    [TestCase("conversation=conv-1", 1)]
    [TestCase("conversation_id=conv-1", 1)]
    [TestCase("flow_id=jira%3AK-1", 1)]
    [TestCase("parent=list-00", 1)]
    [TestCase("cost_min=0.5", 2)]
    [TestCase("cost_max=0.49", 23)]
    [TestCase("cost_min=0.5&cost_max=0.5", 1)]
    [TestCase("duration_min=90", 1)]
    [TestCase("duration_max=100", 4)]
    [TestCase("duration_min=10&duration_max=20", 1)]
    [TestCase("source=jira&agent_type=review&status=queued&agent=executor", 1)]
    [TestCase("source=jira&status=running", 0)]
    [TestCase("status=&agent=&agent_type=&source=&session=&session_id=&conversation=&flow_id=&parent=&date=&date_from=&date_to=&cost_min=&cost_max=&duration_min=&duration_max=&sort_by=&sort_order=&after=&before=&limit=&page=&per_page=", 25)]
    [TestCase("date=2001-01-01", 0)]
    [TestCase("date_from=2001-01-01", 25)]
    [TestCase("date_to=2001-01-01", 0)]
    public async Task Filters_combine_and_empty_ones_mean_no_filter(string query, int expected)
    {
        var page = await GetAsync($"/api/tasks?per_page=100&{query}");

        Assert.That((page.GetProperty("total").GetInt32(), page.GetProperty("items").GetArrayLength()), Is.EqualTo((expected, expected)));
    }

    [Test]
    public async Task Today_is_a_date_filter() =>
        Assert.That((await GetAsync($"/api/tasks?date={DateTime.UtcNow:yyyy-MM-dd}")).GetProperty("total").GetInt32(), Is.EqualTo(25));

    [TestCase("status=bogus", "status")]
    [TestCase("page=0", "page")]
    [TestCase("page=-1", "page")]
    [TestCase("page=x", "page")]
    [TestCase("page=99999999999", "page")]
    [TestCase("per_page=101", "per_page")]
    [TestCase("per_page=0", "per_page")]
    [TestCase("date=yesterday", "date")]
    [TestCase("date_from=2026-02-03&date_to=2026-02-01", "date_to")]
    [TestCase("cost_min=-1", "cost_min")]
    [TestCase("cost_min=much", "cost_min")]
    [TestCase("cost_min=2&cost_max=1", "cost_max")]
    [TestCase("duration_min=NaN", "duration_min")]
    [TestCase("duration_max=1e300", "duration_max")]
    [TestCase("source=a%00b", "source")]
    [TestCase("agent=a%00b", "agent")]
    [TestCase("sort_by=metadata", "sort_by")]
    [TestCase("sort_order=up", "sort_order")]
    [TestCase("after=%F0%9F%98%80", "after")]
    [TestCase("after=AAAA", "after")]
    [TestCase("limit=x", "limit")]
    [TestCase("limit=0", "limit")]
    [TestCase("limit=-1", "limit")]
    public async Task Bad_queries_are_refused_with_the_name_of_the_field(string query, string field)
    {
        var problem = await GetAsync($"/api/tasks?{query}", HttpStatusCode.UnprocessableEntity);

        Assert.That(problem.GetProperty("errors").TryGetProperty(field, out _), Is.True, problem.GetRawText());
    }

    [Test]
    public async Task With_limit_existing_clients_get_the_newest_as_a_bare_array_in_their_shape()
    {
        var rows = (await GetAsync("/api/tasks?limit=3&status=")).EnumerateArray().ToList();
        var filtered = await GetAsync("/api/tasks?limit=99999999999&agent=executor");
        var plain = await GetAsync("/api/tasks");

        Assert.Multiple(() =>
        {
            Assert.That(rows.Select(row => row.Text("task_id")), Is.EqualTo(_ids.Take(3)));
            Assert.That(rows[0].EnumerateObject().Select(field => field.Name), Is.EqualTo(new[]
            {
                "task_id", "session_id", "status", "assigned_agent", "agent_type", "created_at", "cost_usd", "input_message",
            }));
            Assert.That(rows[0].GetProperty("cost_usd").GetDouble(), Is.Zero);
            Assert.That(filtered.GetArrayLength(), Is.EqualTo(12));
            Assert.That(plain.GetProperty("items").GetArrayLength(), Is.EqualTo(20));
        });
    }

    [Test]
    public async Task A_switch_gives_existing_clients_the_bare_array_at_the_plain_address()
    {
        await using var server = await DashboardServer.StartAsync(Database, null, "Compatibility:BareTaskList=true");
        var plain = JsonElement.Parse(await server.Http.GetStringAsync("/api/tasks"));
        var filtered = JsonElement.Parse(await server.Http.GetStringAsync("/api/tasks?status=running"));
        var paged = JsonElement.Parse(await server.Http.GetStringAsync("/api/tasks?page=1"));

        Assert.Multiple(() =>
        {
            Assert.That((plain.ValueKind, plain.GetArrayLength()), Is.EqualTo((JsonValueKind.Array, 25)));
            Assert.That(filtered.GetArrayLength(), Is.EqualTo(3));
            Assert.That(paged.GetProperty("total").GetInt32(), Is.EqualTo(25));
        });
    }

    [Test]
    public async Task The_table_has_the_shape_and_the_names_of_the_existing_ledger()
    {
        var table = await GetAsync("/api/tasks/table?page=2&page_size=10&session_id=&status=&subagent=executor");
        var cheapest = await GetAsync("/api/tasks/table?sort_by=cost_usd&sort_order=upwards&page_size=100");
        var none = await GetAsync("/api/tasks/table?session_id=nobody");

        var row = table.GetProperty("tasks")[0];
        Assert.Multiple(() =>
        {
            Assert.That(table.EnumerateObject().Select(field => field.Name), Is.EqualTo(new[] { "tasks", "total", "page", "page_size", "total_pages" }));
            Assert.That(
                (table.GetProperty("total").GetInt32(), table.GetProperty("page").GetInt32(), table.GetProperty("page_size").GetInt32(), table.GetProperty("total_pages").GetInt32()),
                Is.EqualTo((12, 2, 10, 2)));
            Assert.That(table.GetProperty("tasks").EnumerateArray().Select(task => task.Text("task_id")), Is.EqualTo(new[] { "list-03", "list-01" }));
            Assert.That(row.EnumerateObject().Select(field => field.Name), Is.EqualTo(new[]
            {
                "task_id", "session_id", "status", "assigned_agent", "agent_type", "created_at", "completed_at", "cost_usd", "duration_seconds", "input_message",
            }));
            Assert.That(row.GetProperty("duration_seconds").GetDouble(), Is.EqualTo(2));
            Assert.That(cheapest.GetProperty("tasks")[24].Text("task_id"), Is.EqualTo("list-04"));
            Assert.That((none.GetProperty("total").GetInt32(), none.GetProperty("total_pages").GetInt32()), Is.EqualTo((0, 0)));
        });
    }

    [Test]
    public async Task The_table_is_not_sent_again_to_whoever_has_it()
    {
        using var first = await Http.GetAsync("/api/tasks/table?page_size=5");
        using var same = await AskAgainAsync("/api/tasks/table?page_size=5");
        using var other = await AskAgainAsync("/api/tasks/table?page_size=6");

        Assert.Multiple(async () =>
        {
            Assert.That((same.StatusCode, await same.Content.ReadAsStringAsync()), Is.EqualTo((HttpStatusCode.NotModified, "")));
            Assert.That(other.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        });

        async Task<HttpResponseMessage> AskAgainAsync(string path)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.IfNoneMatch.Add(first.Headers.ETag!);
            return await Http.SendAsync(request);
        }
    }

    [TestCase("page_size=101", "page_size")]
    [TestCase("page_size=0", "page_size")]
    [TestCase("page=0", "page")]
    [TestCase("sort_by=metadata", "sort_by")]
    [TestCase("status=bogus", "status")]
    public async Task The_table_refuses_what_is_out_of_bounds(string query, string field)
    {
        var problem = await GetAsync($"/api/tasks/table?{query}", HttpStatusCode.UnprocessableEntity);

        Assert.That(problem.GetProperty("errors").TryGetProperty(field, out _), Is.True, problem.GetRawText());
    }

    [Test]
    public async Task The_same_routes_are_served_below_v1() =>
        Assert.That((await GetAsync("/api/v1/tasks?per_page=1")).GetProperty("total").GetInt32(), Is.EqualTo(25));

    [Test]
    public async Task Agents_are_those_that_are_configured_and_those_that_tasks_show_with_what_they_did()
    {
        var agents = (await GetAsync("/api/agents")).EnumerateArray().ToDictionary(agent => agent.Text("name")!);
        var (brain, planning) = (agents["brain"], agents["planning"]);

        Assert.Multiple(() =>
        {
            Assert.That(agents.Keys, Does.Contain("executor"));
            Assert.That((brain.Text("agent_type"), brain.GetProperty("is_builtin").GetBoolean()), Is.EqualTo(("planning", true)));
            Assert.That((brain.GetProperty("tasks").GetInt32(), brain.GetProperty("tasks_24h").GetInt32()), Is.EqualTo((13, 13)));
            Assert.That(
                brain.GetProperty("by_status").EnumerateObject().Select(status => (status.Name, status.Value.GetInt32())),
                Is.EqualTo(new[] { ("queued", 10), ("running", 2), ("waiting_input", 0), ("completed", 0), ("failed", 0), ("cancelled", 1) }));
            Assert.That(brain.GetProperty("cost_usd").GetDecimal(), Is.EqualTo(1.25m));
            Assert.That(brain.GetProperty("last_seen_at").GetDateTimeOffset(), Is.GreaterThan(DateTimeOffset.UtcNow.AddMinutes(-10)));
            Assert.That((planning.GetProperty("tasks").GetInt32(), planning.Text("last_seen_at")), Is.EqualTo((0, (string?)null)));
        });
    }

    [Test]
    public async Task A_list_says_what_all_its_tasks_come_to_where_that_is_kept()
    {
        var all = (await GetAsync("/api/tasks?per_page=1")).GetProperty("totals");
        var cancelled = (await GetAsync("/api/tasks?status=cancelled&agent=brain&source=github")).GetProperty("totals");
        var session = await GetAsync("/api/tasks?session=session-1");

        Assert.Multiple(() =>
        {
            Assert.That((all.GetProperty("tasks").GetInt32(), all.GetProperty("cost_usd").GetDecimal()), Is.EqualTo((25, 1.75m)));
            Assert.That((cancelled.GetProperty("tasks").GetInt32(), cancelled.GetProperty("cost_usd").GetDecimal()), Is.EqualTo((1, 1.25m)));
            Assert.That(all.EnumerateObject().Select(field => field.Name), Is.EqualTo(new[] { "tasks", "cost_usd", "input_tokens", "output_tokens" }));
            Assert.That((session.GetProperty("totals").ValueKind, session.GetProperty("total").GetInt32(), session.GetProperty("total_is_exact").GetBoolean()),
                Is.EqualTo((JsonValueKind.Null, 1, true)));
        });
    }

    private static IEnumerable<string?> Ids(JsonElement page) =>
        page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("task_id").GetString());
}
