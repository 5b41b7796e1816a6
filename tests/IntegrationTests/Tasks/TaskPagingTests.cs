using System.Net;
using System.Text.Json;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Infrastructure.Persistence.Readers;
using GrooteDashboard.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace GrooteDashboard.IntegrationTests.Tasks;

/// <summary>A long list: pages, cursors, and which index answers what.</summary>
[TestFixture]
internal sealed class TaskPagingTests : ServerFixture
{
    private const int Count = 25_000;

    private static readonly string[] SortKeys =
        ["created_at", "completed_at", "cost", "duration", "tokens", "status", "agent", "agent_type", "source"];

    /// <summary>Each filter, and the index that answers it.</summary>
    private static readonly (TaskFilter Filter, string Index)[] Filters =
    [
        (new TaskFilter { Statuses = [AgentTaskStatus.Failed] }, "ix_tasks_status"),
        (new TaskFilter { Agents = ["agent-1"] }, "ix_tasks_agent"),
        (new TaskFilter { AgentType = "type-1" }, "ix_tasks_agent_type"),
        (new TaskFilter { Source = "source-1" }, "ix_tasks_source"),
        (new TaskFilter { SessionId = "session-small" }, "ix_tasks_session"),
        (new TaskFilter { ConversationId = "conv-1" }, "ix_tasks_conversation"),
        (new TaskFilter { FlowId = "flow-1" }, "ix_tasks_flow"),
        (new TaskFilter { ParentTaskId = "parent-1" }, "ix_tasks_parent"),
        (new TaskFilter { From = new(2026, 1, 1, 2, 0, 0, TimeSpan.Zero) }, "ix_tasks_created_at"),
        (new TaskFilter { CostMin = 3 }, "ix_tasks_cost"),
        (new TaskFilter { DurationMin = 10 }, "ix_tasks_duration"),
    ];

    [OneTimeSetUp]
    public async Task SeedTasks()
    {
        await Database.QueryAsync<string>("INSERT INTO sessions VALUES ('session-small', 'user', 'm', now(), NULL, true), ('webhook-system', 'system', 'webhook', now(), NULL, true) RETURNING session_id");
        await InsertAsync("long-", inSmallSession: 1, Count);
        await Database.QueryAsync<long>("ANALYZE tasks; SELECT 1::bigint");
    }

    [Test]
    public async Task A_walk_by_cursor_visits_every_task_once_in_any_order_while_others_are_added(
        [ValueSource(nameof(SortKeys))] string sortBy, [Values("asc", "desc")] string sortOrder)
    {
        var list = $"/api/tasks?session=session-small&per_page=23&sort_by={sortBy}&sort_order={sortOrder}";
        var before = await IdsOfSmallSessionAsync();
        using var enough = new CancellationTokenSource();
        var adding = AddAsync($"new-{sortBy}-{sortOrder}-", enough.Token);

        var visited = (await WalkAsync(list, "next", "after")).SelectMany(Ids).ToList();
        await enough.CancelAsync();
        await adding;
        var forward = await WalkAsync(list, "next", "after");
        var after = await IdsOfSmallSessionAsync();
        var backward = await WalkAsync($"{list}&before={forward[^1].Text("prev")}", "prev", "before");

        Assert.Multiple(() =>
        {
            Assert.That(visited, Is.Unique);
            Assert.That(before.Except(visited), Is.Empty, "every task that was there is visited");
            Assert.That(forward.SelectMany(Ids), Is.EquivalentTo(after), "no other row, and none twice");
            Assert.That(
                Enumerable.Reverse(backward).SelectMany(Ids), Is.EqualTo(forward.SkipLast(1).SelectMany(Ids)), "backward the same rows in the same order");
        });
    }

    [Test]
    public async Task A_page_near_either_end_is_served_and_one_in_the_middle_names_the_cursor()
    {
        // What other tests add is all in the small session, and elsewhere in time.
        const string List = "/api/tasks?date_from=2026-01-01T00:01:00Z";
        var all = await QueryIdsAsync("SELECT task_id FROM tasks WHERE created_at >= '2026-01-01T00:01:00Z' ORDER BY created_at DESC, task_id DESC");
        Assert.That(all, Has.Length.EqualTo(24_821));
        var deepest = await GetAsync($"{List}&per_page=100&page=99");
        var last = await GetAsync($"{List}&per_page=90&page=276");
        var nextToLast = await GetAsync($"{List}&per_page=90&before={last.Text("prev")}");
        var beyond = await GetAsync($"{List}&per_page=100&page=1000000");
        var middle = await GetAsync($"{List}&per_page=7&page=1700", HttpStatusCode.UnprocessableEntity);

        Assert.Multiple(() =>
        {
            Assert.That(Ids(deepest), Is.EqualTo(all.Skip(9_800).Take(100)));
            Assert.That(Ids(last), Is.EqualTo(all.Skip(24_750)));
            Assert.That((last.Text("next"), last.GetProperty("pages").GetInt32()), Is.EqualTo(((string?)null, 276)));
            Assert.That(Ids(nextToLast), Is.EqualTo(all.Skip(24_660).Take(90)));
            Assert.That((Ids(beyond).Count(), beyond.GetProperty("total").GetInt32()), Is.EqualTo((0, 24_821)));
            Assert.That(middle.Text("detail"), Does.Contain("after="));
        });
    }

    [Test]
    public async Task Every_order_is_read_from_an_index([Values] TaskSortKey key, [Values] bool descending)
    {
        var row = (await GetAsync("/api/tasks?per_page=1"))!;
        var place = new TaskCursor(
            new TaskOrder(key, descending),
            key switch
            {
                TaskSortKey.Created or TaskSortKey.Completed => DateTimeOffset.UnixEpoch.AddYears(56),
                TaskSortKey.Cost => 1.5m,
                TaskSortKey.Duration => 5d,
                TaskSortKey.Tokens => 100L,
                _ => "completed",
            },
            DateTimeOffset.UnixEpoch.AddYears(56),
            row.GetProperty("items")[0].Text("task_id")!);

        var first = await ExplainAsync(TaskLists.Of("version", new TaskFilter(), place.Order, null, 0, 20).Statement);
        var following = await ExplainAsync(TaskLists.Of("version", new TaskFilter(), place.Order, place, 0, 20).Statement);

        Assert.Multiple(() =>
        {
            Assert.That(first, Does.Match(@"(Incremental Sort[\s\S]*|^Limit[^\n]*\n *-> +)Index Scan[ \w]* using ix_tasks_"));
            Assert.That(following, Does.Match(@"(Incremental Sort[\s\S]*|^Limit[^\n]*\n *-> +)Index Scan[ \w]* using ix_tasks_[\s\S]*Index Cond"));
        });
    }

    /// <summary>Bounds of cost and duration take another way than the other filters.</summary>
    [TestCase("cost_min=1&cost_max=2", "order_cost BETWEEN 1 AND 2", "created_at DESC, task_id DESC", "")]
    [TestCase("duration_min=13", "order_duration >= 13", "created_at DESC, task_id DESC", "")]
    [TestCase("cost_max=0.5&status=failed", "order_cost <= 0.5 AND status = 'failed'", "order_tokens, created_at, task_id", "&sort_by=tokens&sort_order=asc")]
    public async Task Tasks_within_bounds_come_in_order_on_every_page(string filter, string where, string order, string sorting)
    {
        var expected = await Database.QueryAsync<string[]>($"SELECT array(SELECT task_id FROM tasks WHERE {where} ORDER BY {order} LIMIT 150)");
        var paged = new List<string>();
        for (var after = ""; paged.Count < 150;)
        {
            var page = await GetAsync($"/api/tasks?{filter}&per_page=50{sorting}" + (after.Length > 0 ? "&after=" + Uri.EscapeDataString(after) : ""));
            paged.AddRange(page.GetProperty("items").EnumerateArray().Select(task => task.Text("task_id")!));
            after = page.Text("next")!;
        }

        var second = await GetAsync($"/api/tasks?{filter}&per_page=50&page=2{sorting}");
        Assert.Multiple(() =>
        {
            Assert.That(paged, Is.EqualTo(expected));
            Assert.That(second.GetProperty("items").EnumerateArray().Select(task => task.Text("task_id")), Is.EqualTo(expected.Skip(50).Take(50)));
        });
    }

    [TestCaseSource(nameof(Filters))]
    public async Task Every_filter_is_counted_by_its_index((TaskFilter Filter, string Index) expected)
    {
        var statement = new NpgsqlBatchCommand();
        statement.CommandText = $"SELECT version FROM tasks WHERE {new TaskConditions(expected.Filter, statement.Parameters)}";

        Assert.That(await ExplainAsync(statement), Does.Contain($" on {expected.Index}").Or.Contain($"using {expected.Index} "));
    }

    [Test]
    public async Task A_count_is_right_a_moment_after_a_write_however_often_it_is_asked_for()
    {
        const string List = "/api/tasks?session=session-small&agent_type=type-of-its-own&per_page=1";
        var added = 0;
        for (var i = 0; i < 3; i++)
        {
            await Database.QueryAsync<string>(
                $"UPDATE tasks SET agent_type = 'type-of-its-own' WHERE task_id = 'long-{(i + 1) * 100:000000}' RETURNING task_id");
            added++;
            await Probe.Until(
                async () => (await GetAsync(List)).GetProperty("total").GetInt32() == added, "the total follows", TimeSpan.FromSeconds(2));
        }
    }

    private static IEnumerable<string> Ids(JsonElement page) => page.GetProperty("items").EnumerateArray().Select(item => item.Text("task_id")!);

    private async Task<List<JsonElement>> WalkAsync(string list, string link, string parameter)
    {
        var pages = new List<JsonElement> { await GetAsync(list) };
        while (pages[^1].Text(link) is { } cursor)
        {
            Assert.That(pages, Has.Count.LessThan(1_000), "the walk ends");
            pages.Add(await GetAsync($"{list[..(list.IndexOf("&before", StringComparison.Ordinal) is > 0 and var end ? end : list.Length)]}&{parameter}={cursor}"));
        }

        return pages;
    }

    private Task<long> InsertAsync(string prefix, int inSmallSession, int count) => Database.QueryAsync<long>(Insert(prefix, inSmallSession, count));

    /// <summary>Others add tasks all over the list, for as long as it is walked through; at least once.</summary>
    private async Task AddAsync(string prefix, CancellationToken enough)
    {
        for (var i = 0; i < 8 && (i == 0 || !enough.IsCancellationRequested); i++)
        {
            await InsertAsync($"{prefix}{i}-", inSmallSession: 100, count: 30);
        }
    }

    private Task<string[]> IdsOfSmallSessionAsync() => QueryIdsAsync("SELECT task_id FROM tasks WHERE session_id = 'session-small'");

    private Task<string[]> QueryIdsAsync(string sql) => Database.QueryAsync<string[]>($"SELECT array({sql})");

    /// <summary>Values often the same, or not known; a few tasks of each moment; a small part in one session, to be walked through.</summary>
    private static string Insert(string prefix, int inSmallSession, int count) =>
        $$"""
        WITH added AS (
            INSERT INTO tasks (task_id, session_id, user_id, status, assigned_agent, agent_type, source, created_at, started_at, completed_at, input_message,
                cost_usd, input_tokens, output_tokens, duration_seconds, source_metadata, conversation_id, flow_id, parent_task_id, version)
            SELECT '{{prefix}}' || lpad(n::text, 6, '0'), CASE WHEN n % 100 < {{inSmallSession}} THEN 'session-small' ELSE 'webhook-system' END, 'user',
                (ARRAY['queued', 'running', 'completed', 'completed', 'failed', 'cancelled'])[1 + n * 7 % 6],
                CASE WHEN n % 5 > 0 THEN 'agent-' || n * 11 % 7 END, 'type-' || n * 13 % 3, 'source-' || n * 17 % 4,
                timestamptz '2026-01-01Z' + interval '1 s' * (n / 3), timestamptz '2026-01-01Z' + interval '1 s' * (n / 3),
                CASE WHEN n % 3 > 0 THEN timestamptz '2026-01-02Z' + interval '1 ms' * (n % 999) END, 'do it',
                CASE WHEN n % 4 > 0 THEN round((n * 7919 % 1000) / 300.0, 6) END, CASE WHEN n % 4 > 0 THEN n * 31 % 500 END, CASE WHEN n % 4 > 1 THEN n % 50 END,
                CASE WHEN n % 6 > 1 THEN (n * 7907 % 100) / 7.0 END, '{}', 'conv-' || n % 500, 'flow-' || n % 500, 'parent-' || n % 500, 1
            FROM generate_series(1, {{count}}) n RETURNING 1)
        SELECT count(*) FROM added
        """;

    /// <summary>The plan that is left where sorting everything is not allowed.</summary>
    private async Task<string> ExplainAsync(NpgsqlBatchCommand statement)
    {
        statement.CommandText = "EXPLAIN " + statement.CommandText;
        await using var connection = await Server.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { new NpgsqlBatchCommand("SELECT set_config(name, 'off', true) FROM unnest(ARRAY['enable_sort', 'enable_seqscan']) AS name"), statement },
        };
        var lines = new List<string>();
        await using var reader = await batch.ExecuteReaderAsync();
        await reader.NextResultAsync();
        while (await reader.ReadAsync())
        {
            lines.Add(reader.GetString(0));
        }

        return string.Join('\n', lines);
    }
}
