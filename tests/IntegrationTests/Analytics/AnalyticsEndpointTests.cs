using System.Globalization;
using System.Net;
using System.Text.Json;
using GrooteDashboard.Testing;
using Npgsql;

namespace GrooteDashboard.IntegrationTests.Analytics;

/// <summary>Every answer is what plain SQL says of the table, whatever became of the tasks, and whatever is folded.</summary>
[TestFixture]
internal sealed class AnalyticsEndpointTests
{
    private static readonly DateTimeOffset From = DateTimeOffset.UtcNow.AddDays(-75);

    /// <summary>What is asked of the table: percentiles are nearest-rank, as ours.</summary>
    private const string Figures =
        """
        count(*) AS tasks, count(*) FILTER (WHERE status = 'completed') AS completed, count(*) FILTER (WHERE status = 'failed') AS failed,
        count(*) FILTER (WHERE status = 'running') AS running, coalesce(sum(cost_usd), 0) AS cost, coalesce(sum(input_tokens), 0)::numeric AS input_tokens,
        coalesce(sum(output_tokens), 0)::numeric AS output_tokens, coalesce(round(avg(duration)::numeric, 3), 0) AS average_duration_seconds,
        coalesce(round(avg(turnaround)::numeric, 3), 0) AS average_turnaround_seconds, coalesce(round(avg(queue)::numeric, 3), 0) AS average_queue_seconds
        """;

    private const string Percentiles =
        """
        percentile_disc(0.5) WITHIN GROUP (ORDER BY duration) AS p50, percentile_disc(0.9) WITHIN GROUP (ORDER BY duration) AS p90,
        percentile_disc(0.95) WITHIN GROUP (ORDER BY duration) AS p95, percentile_disc(0.99) WITHIN GROUP (ORDER BY duration) AS p99,
        percentile_disc(0.5) WITHIN GROUP (ORDER BY queue) AS q50, percentile_disc(0.99) WITHIN GROUP (ORDER BY queue) AS q99
        """;

    private const string Tasks =
        """
        (SELECT *, coalesce(duration_seconds, extract(epoch FROM completed_at - started_at)::float8) AS duration,
            extract(epoch FROM completed_at - created_at)::float8 AS turnaround, extract(epoch FROM started_at - created_at)::float8 AS queue,
            coalesce(assigned_agent, '') AS agent, coalesce(model, '') AS known_model FROM tasks) AS t
        """;

    private TestDatabase _database = null!;
    private DashboardServer _server = null!;
    private string _from = "";
    private string _to = "";

    [OneTimeSetUp]
    public async Task StartServer()
    {
        _database = await TestDatabase.CreateAsync();
        _server = await DashboardServer.StartAsync(_database);
    }

    [OneTimeTearDown]
    public async Task StopServer()
    {
        await _server.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Test, Order(1)]
    public async Task An_empty_database_gives_zeros()
    {
        var summary = await GetAsync("summary");
        var performance = await GetAsync("performance?by=agent");
        var histogram = await GetAsync("costs/histogram?period=day");
        var columns = await GetAsync("costs/histogram?days=7");
        var breakdown = await GetAsync("breakdown?by=model");

        Assert.Multiple(async () =>
        {
            Assert.That(summary.GetProperty("total_tasks").GetInt64(), Is.Zero);
            Assert.That(summary.GetProperty("figures").GetProperty("success_rate").GetDecimal(), Is.Zero);
            Assert.That(summary.GetProperty("today_change").GetProperty("cost").ValueKind, Is.EqualTo(JsonValueKind.Null));
            Assert.That(performance.GetProperty("total").GetProperty("duration").GetProperty("p95").ValueKind, Is.EqualTo(JsonValueKind.Null));
            Assert.That(performance.GetProperty("groups").GetArrayLength(), Is.Zero);
            Assert.That(histogram.GetProperty("data").EnumerateArray().Select(bucket => bucket.GetProperty("tasks").GetInt64()), Is.EqualTo(new long[31]));
            Assert.That(columns.GetProperty("dates").GetArrayLength(), Is.Zero);
            Assert.That(breakdown.GetProperty("other").ValueKind, Is.EqualTo(JsonValueKind.Null));
            foreach (var path in new[] { "costs/by-subagent", "latency", "compare", "heatmap", "sessions", "conversations" })
            {
                Assert.That((await GetAsync(path)).GetRawText(), Does.Not.Contain("NaN"), path);
            }
        });
    }

    [Test, Order(2)]
    public async Task Every_answer_is_that_of_plain_SQL()
    {
        var tasks = new RandomTasks(_database, From, DateTimeOffset.UtcNow.AddMinutes(-1), seed: 5);
        var talks = new RandomTalks(_database, From, DateTimeOffset.UtcNow.AddMinutes(-1), seed: 7);
        for (var round = 0; round < 4; round++)
        {
            await Task.WhenAll(tasks.WriteAsync(writers: 6, operations: 100), talks.WriteAsync(writers: 3, operations: 100));
            var to = DateTimeOffset.UtcNow.AddDays(-3 * round).AddMinutes(-2);
            (_from, _to) = (Iso(From.AddDays(round).AddMinutes(3.7)), Iso(to));
            await CompareAsync();
        }

        await Probe.Until(async () => await _database.QueryAsync<long>("SELECT count(*) FROM task_deltas") == 0, "everything is folded");
        await Probe.Until(async () => await _database.QueryAsync<long>("SELECT count(*) - count(DISTINCT day) FROM conversation_days") == 0, "days of conversations are one row");
        await CompareAsync();
        Assert.That(await _database.QueryAsync<long>("SELECT least((SELECT count(*) FROM sessions), (SELECT count(*) FROM conversations WHERE started_at IS NOT NULL))"), Is.GreaterThan(50));
    }

    [Test, Order(3)]
    public async Task Existing_clients_get_what_they_read()
    {
        var columns = await GetAsync("costs/histogram?days=30&granularity=day");
        var byHour = await GetAsync("costs/histogram?days=2&granularity=hour");
        var agents = await GetAsync("costs/by-subagent?days=365");
        var summary = await GetAsync("summary");

        var expected = await RowsAsync($"SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, {Figures} FROM {Tasks} WHERE created_at >= now() - interval '30 days' GROUP BY 1 ORDER BY 1");
        Assert.Multiple(async () =>
        {
            // The first day is cut where the question begins, a moment ago.
            Assert.That(Texts(columns, "dates").Skip(1), Is.EqualTo(expected.Select(row => (string)row["day"]).Skip(1)));
            Assert.That(Numbers(columns, "costs").Skip(1), Is.EqualTo(expected.Select(row => (decimal)row["cost"]).Skip(1)));
            Assert.That(Numbers(columns, "task_counts").Skip(1), Is.EqualTo(expected.Select(row => (decimal)(long)row["tasks"]).Skip(1)));
            Assert.That(Numbers(columns, "tokens").Skip(1), Is.EqualTo(expected.Select(row => (decimal)row["input_tokens"] + (decimal)row["output_tokens"]).Skip(1)));
            Assert.That(Numbers(columns, "avg_latency").Skip(1), Is.EqualTo(expected.Select(row => (decimal)row["average_duration_seconds"] * 1000).Skip(1)).Within(2));
            Assert.That(Numbers(columns, "error_counts").Skip(1), Is.EqualTo(expected.Select(row => (decimal)(long)row["failed"]).Skip(1)));
            Assert.That(Texts(byHour, "dates"), Has.All.Match(@"^\d{4}-\d\d-\d\d \d\d:00:00$"));
            Assert.That(Texts(agents, "subagents"), Is.Not.Empty.And.None.Empty);
            Assert.That(Numbers(agents, "costs"), Is.Ordered.Descending);
            var total = (await RowsAsync($"SELECT {Figures} FROM {Tasks}")).Single();
            Assert.That(summary.GetProperty("total_cost").GetDecimal(), Is.EqualTo(total["cost"]));
            Assert.That(summary.GetProperty("total_tasks").GetInt64(), Is.EqualTo(total["tasks"]));
        });
    }

    [Test, Order(4)]
    public async Task Days_begin_in_the_zone([Values("Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe")] string zone)
    {
        var histogram = await GetAsync($"costs/histogram?period=day&zone={zone}&from={From.AddDays(5):yyyy-MM-dd}&to={From.AddDays(60):yyyy-MM-dd}&by=agent");
        var expected = await RowsAsync(
            $"""
            SELECT extract(epoch FROM day AT TIME ZONE '{zone}')::bigint AS start, {Figures} FROM {Tasks}, LATERAL (SELECT date_trunc('day', created_at AT TIME ZONE '{zone}') AS day) AS d
            WHERE day >= '{From.AddDays(5):yyyy-MM-dd}' AND day < '{From.AddDays(61):yyyy-MM-dd}' GROUP BY day ORDER BY 1
            """);
        var actual = histogram.GetProperty("data").EnumerateArray().Where(bucket => bucket.GetProperty("tasks").GetInt64() > 0)
            .Select(bucket => (bucket.GetProperty("timestamp").GetDateTimeOffset().ToUnixTimeSeconds(), bucket.GetProperty("tasks").GetInt64(), bucket.GetProperty("cost").GetDecimal()));

        Assert.That(histogram.GetProperty("data").GetArrayLength(), Is.EqualTo(56));
        Assert.That(actual, Is.EqualTo(expected.Select(row => ((long)row["start"], (long)row["tasks"], (decimal)row["cost"]))));
        Assert.That(
            Enumerable.Range(0, 56).Select(i => histogram.GetProperty("series").EnumerateArray().Sum(series => series.GetProperty("cost")[i].GetDecimal())),
            Is.EqualTo(Enumerable.Range(0, 56).Select(i => histogram.GetProperty("data")[i].GetProperty("cost").GetDecimal())), "series add up");
    }

    [TestCase("summary?from=2030-01-01", "from must not be in the future.")]
    [TestCase("performance?from=2026-02-03&to=2026-02-01", "to must be after from.")]
    [TestCase("performance?from=1026-02-03", "A range must not be longer than 3660 days.")]
    [TestCase("performance?to=9998-02-03&from=2026-01-01", "A range must not be longer than 3660 days.")]
    [TestCase("costs/histogram?period=quarter_hour&from=2020-01-01", "These are more than 10000 points")]
    [TestCase("costs/histogram?period=minute", "period must be one of")]
    [TestCase("costs/histogram?days=366", "days")]
    [TestCase("costs/histogram?granularity=week", "granularity must be day or hour.")]
    [TestCase("costs/by-subagent?days=0", "days")]
    [TestCase("breakdown?by=colour", "by must be one of")]
    [TestCase("breakdown", "by must be one of")]
    [TestCase("breakdown?by=agent&top=0", "top must be between 1 and 100.")]
    [TestCase("breakdown?by=agent&top=1000000", "top must be between 1 and 100.")]
    [TestCase("breakdown?by=agent&model=large&source=github", "may name two of")]
    [TestCase("breakdown?by=user&model=large", "may name two of")]
    [TestCase("latency?period=hour&agent=brain&model=large", "by days of UTC")]
    [TestCase("summary?zone=Mars/Olympus", "zone must be an IANA time zone")]
    [TestCase("summary?zone=../../etc/passwd", "zone must be an IANA time zone")]
    [TestCase("compare?against_from=2026-01-01", "against_from and against_to belong together.")]
    [TestCase("heatmap?from=2020-01-01", "at most 366 days")]
    [TestCase("sessions?agent=brain", "Sessions have no agent")]
    [TestCase("summary?format=xml", "format must be json or csv.")]
    [TestCase("performance?from=yesterday", "from must be a day")]
    [TestCase("conversations?limit=100000", "limit")]
    public async Task Nonsense_is_refused_with_a_sentence(string path, string sentence)
    {
        using var response = await _server.Http.GetAsync("/api/analytics/" + path);
        var problem = await response.Content.ReadAsStringAsync();

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.UnprocessableEntity), problem);
        Assert.That(JsonElement.Parse(problem).GetProperty("detail").GetString(), Does.Contain(sentence));
    }

    [Test, Order(5)]
    public async Task Every_answer_is_a_table_as_well()
    {
        foreach (var path in new[]
        {
            "summary?", "costs/histogram?period=day&by=agent", "costs/histogram?days=30", "costs/by-subagent?", "performance?by=agent", "latency?", "breakdown?by=source", "compare?by=model",
            "heatmap?", "sessions?", "conversations?",
        })
        {
            using var response = await _server.Http.GetAsync($"/api/analytics/{path}&format=csv");
            var lines = (await response.Content.ReadAsStringAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);

            Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("text/csv"), path);
            Assert.That(lines.Select(line => line.Count(character => character == ',')).Distinct().Count(), Is.LessThanOrEqualTo(1), path);
        }

        using var accepted = new HttpRequestMessage(HttpMethod.Get, "/api/analytics/performance?by=agent") { Headers = { { "Accept", "text/csv" } } };
        using var table = await _server.Http.SendAsync(accepted);
        Assert.That(await table.Content.ReadAsStringAsync(), Does.StartWith("value,figures.tasks,").And.Contain("duration.p95").And.Contain("\r\nbrain,"));
    }

    [Test, Order(6)]
    public async Task A_check_finds_what_is_wrong_and_a_rebuild_puts_it_right()
    {
        Assert.That(await RunAsync("check"), Does.EndWith(" 0 wrong"));

        await _database.QueryAsync<object>("WITH w AS (UPDATE task_rollups SET cost_usd = cost_usd + 1 WHERE dimension = 1 AND level = 1 RETURNING 1) SELECT count(*) FROM w");
        await _database.QueryAsync<object>("WITH w AS (DELETE FROM task_totals WHERE source = 'jira' RETURNING 1) SELECT count(*) FROM w");
        Assert.That(await RunAsync("check"), Does.EndWith("put right by: rollups rebuild").And.Contain("task_totals").And.Contain("USD instead of"));

        // While tasks change.
        var writing = new RandomTasks(_database, From, DateTimeOffset.UtcNow.AddMinutes(-1), seed: 6).WriteAsync(writers: 2, operations: 150);
        await RunAsync("rebuild");
        await writing;
        Assert.That(await RunAsync("check"), Does.EndWith(" 0 wrong"));
        await CompareAsync();
    }

    private async Task<string> RunAsync(string command)
    {
        var maintenance = (GrooteDashboard.Application.Analytics.Ports.IRollupMaintenance)_server.Services.GetService(typeof(GrooteDashboard.Application.Analytics.Ports.IRollupMaintenance))!;
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        await Api.Hosting.RollupsCommand.RunAsync(maintenance, command, output, output, CancellationToken.None);
        return output.ToString().TrimEnd();
    }

    private async Task CompareAsync()
    {
        var range = $"from={_from}&to={_to}";
        var within = $"created_at >= '{_from}' AND created_at < '{_to}'";

        var summary = await GetAsync($"summary?{range}");
        Same(summary.GetProperty("figures"), (await RowsAsync($"SELECT {Figures} FROM {Tasks} WHERE {within}")).Single(), "summary");

        foreach (var (by, column) in new[] { ("agent", "agent"), ("agent_type", "agent_type"), ("source", "source"), ("model", "known_model"), ("status", "status"), ("user", "user_id") })
        {
            var expected = (await RowsAsync($"SELECT {column} AS value, {Figures}, {Percentiles} FROM {Tasks} WHERE {within} GROUP BY 1")).ToDictionary(row => (string)row["value"]);
            await SameGroupsAsync($"performance?{range}&by={by}", "groups", expected);
            await SameGroupsAsync($"breakdown?{range}&by={by}&top=100&order=tasks", "rows", expected);

            // Until now.
            expected = (await RowsAsync($"SELECT {column} AS value, {Figures}, {Percentiles} FROM {Tasks} WHERE created_at >= '{_from}' GROUP BY 1")).ToDictionary(row => (string)row["value"]);
            await SameGroupsAsync($"performance?from={_from}&by={by}", "groups", expected);
        }

        await SameGroupsAsync(
            $"performance?{range}&by=model&agent=brain", "groups",
            (await RowsAsync($"SELECT known_model AS value, {Figures}, {Percentiles} FROM {Tasks} WHERE {within} AND agent = 'brain' GROUP BY 1")).ToDictionary(row => (string)row["value"]));

        foreach (var period in new[] { "hour", "day", "week", "month" })
        {
            var expected = await RowsAsync(
                $"SELECT extract(epoch FROM date_trunc('{period}', created_at, 'UTC'))::bigint AS start, {Figures}, {Percentiles} FROM {Tasks} WHERE {within} GROUP BY 1 ORDER BY 1");
            var data = (await GetAsync($"costs/histogram?{range}&period={period}&by=agent")).GetProperty("data").EnumerateArray().Where(bucket => bucket.GetProperty("tasks").GetInt64() > 0).ToList();
            Assert.That(
                data.Select(bucket => (bucket.GetProperty("timestamp").GetDateTimeOffset().ToUnixTimeSeconds(), bucket.GetProperty("tasks").GetInt64(), bucket.GetProperty("cost").GetDecimal(), bucket.GetProperty("failed").GetInt64())),
                Is.EqualTo(expected.Select(row => ((long)row["start"], (long)row["tasks"], (decimal)row["cost"], (long)row["failed"]))), period);
            var latency = (await GetAsync($"latency?{range}&period={period}")).GetProperty("data").EnumerateArray().Where(bucket => bucket.GetProperty("tasks").GetInt64() > 0).ToList();
            Assert.That(latency, Has.Count.EqualTo(expected.Count));
            foreach (var (bucket, row) in latency.Zip(expected))
            {
                SamePercentiles(bucket, row, $"latency by {period}");
            }
        }

        var cells = (await GetAsync($"heatmap?{range}&zone=Asia/Kolkata")).GetProperty("cells").EnumerateArray()
            .Where(cell => cell.GetProperty("tasks").GetInt64() > 0).Select(cell => (cell.GetProperty("day").GetInt32(), cell.GetProperty("hour").GetInt32(), cell.GetProperty("tasks").GetInt64(), cell.GetProperty("cost").GetDecimal()));
        var hours = await RowsAsync(
            $"SELECT extract(isodow FROM created_at AT TIME ZONE 'Asia/Kolkata')::int AS day, extract(hour FROM created_at AT TIME ZONE 'Asia/Kolkata')::int AS hour, {Figures} FROM {Tasks} WHERE {within} GROUP BY 1, 2 ORDER BY 1, 2");
        Assert.That(cells, Is.EqualTo(hours.Select(row => ((int)row["day"], (int)row["hour"], (long)row["tasks"], (decimal)row["cost"]))));

        var columns = await GetAsync("costs/by-subagent?days=365");
        var agents = await RowsAsync($"SELECT agent, {Figures} FROM {Tasks} WHERE agent <> '' GROUP BY 1 ORDER BY cost DESC, agent COLLATE \"C\"");
        Assert.That(
            Texts(columns, "subagents").Zip(Numbers(columns, "costs"), Numbers(columns, "task_counts")),
            Is.EqualTo(agents.Select(row => ((string)row["agent"], (decimal)row["cost"], (decimal)(long)row["tasks"]))));

        await CompareSummaryAsync();
        await CompareRangesAsync(range, within);
        await CompareBreakdownAsync(range, within);
        await CompareSessionsAsync(range);
        await CompareConversationsAsync(_from, _to);
        await CompareConversationsAsync(_from[..10], _from[..10]);
        await CompareConversationsAsync(_from, null);
        await CompareConversationsAsync(null, _to);
        await CompareConversationsAsync(null, null);
    }

    /// <summary>What is worked out from the time of the question is checked with the time that it tells.</summary>
    private async Task CompareSummaryAsync()
    {
        var summary = await GetAsync($"summary?from={_from}");
        var (from, to) = (DateTimeOffset.Parse(_from, CultureInfo.InvariantCulture), summary.GetProperty("to").GetDateTimeOffset());
        var midnight = new DateTimeOffset(to.UtcDateTime.Date, TimeSpan.Zero);
        foreach (var (name, first, end) in new[]
        {
            ("figures", from, to), ("previous", from - (to - from), from), ("today", midnight, to), ("today_before", midnight.AddDays(-1), to.AddDays(-1)),
        })
        {
            var row = (await RowsAsync($"SELECT {Figures} FROM {Tasks} WHERE created_at >= '{first:O}' AND created_at < '{end:O}'")).Single();
            Same(summary.GetProperty(name), row, $"summary: {name}");
        }

        var (now, before) = (summary.GetProperty("figures"), summary.GetProperty("previous"));
        SameChange(summary.GetProperty("change"), now, before);
        SameChange(summary.GetProperty("today_change"), summary.GetProperty("today"), summary.GetProperty("today_before"));
    }

    private async Task CompareRangesAsync(string range, string within)
    {
        var compare = await GetAsync($"compare?{range}&by=model");
        var against = compare.GetProperty("against");
        var before = $"created_at >= '{against.GetProperty("from").GetString()}' AND created_at < '{_from}'";
        foreach (var (name, where) in new[] { ("range", within), ("against", before) })
        {
            var row = (await RowsAsync($"SELECT {Figures}, {Percentiles} FROM {Tasks} WHERE {where}")).Single();
            Same(compare.GetProperty(name).GetProperty("figures"), row, $"compare: {name}");
            SamePercentiles(compare.GetProperty(name), row, $"compare: {name}");
        }

        SameChange(compare.GetProperty("change"), compare.GetProperty("range").GetProperty("figures"), against.GetProperty("figures"));
        var groups = compare.GetProperty("groups").EnumerateArray().ToDictionary(group => group.GetProperty("value").GetString()!);
        var seen = new HashSet<string>();
        foreach (var (name, where) in new[] { ("range", within), ("against", before) })
        {
            foreach (var row in await RowsAsync($"SELECT known_model AS value, {Figures} FROM {Tasks} WHERE {where} GROUP BY 1"))
            {
                seen.Add((string)row["value"]);
                Same(groups[(string)row["value"]].GetProperty(name), row, $"compare by model: {row["value"]}, {name}");
            }
        }

        Assert.That(groups.Keys, Is.EquivalentTo(seen));
        foreach (var group in groups.Values)
        {
            SameChange(group.GetProperty("change"), group.GetProperty("range"), group.GetProperty("against"));
        }

        Assert.That(
            compare.GetProperty("groups").EnumerateArray().Select(group => Math.Max(group.GetProperty("range").GetProperty("cost").GetDecimal(), group.GetProperty("against").GetProperty("cost").GetDecimal())),
            Is.Ordered.Descending);
    }

    private async Task CompareBreakdownAsync(string range, string within)
    {
        const int Top = 2;
        foreach (var (order, amount) in new[]
        {
            ("cost", "coalesce(sum(cost_usd), 0)"), ("tasks", "count(*)::numeric"), ("tokens", "coalesce(sum(input_tokens), 0)::numeric + coalesce(sum(output_tokens), 0)::numeric"),
            ("failed", "count(*) FILTER (WHERE status = 'failed')::numeric"),
        })
        {
            var breakdown = await GetAsync($"breakdown?{range}&by=user&top={Top}&order={order}");
            var total = (await RowsAsync($"SELECT {Figures}, {amount} AS amount FROM {Tasks} WHERE {within}")).Single();
            var rows = await RowsAsync($"SELECT user_id AS value, {Figures}, {amount} AS amount FROM {Tasks} WHERE {within} GROUP BY 1 ORDER BY amount DESC, user_id COLLATE \"C\"");
            var rest = (await RowsAsync(
                $"""
                SELECT {Figures}, {amount} AS amount FROM {Tasks} WHERE {within} AND user_id <> ALL (ARRAY['{string.Join("', '", rows.Take(Top).Select(row => row["value"]))}'])
                """)).Single();
            Same(breakdown.GetProperty("total"), total, $"breakdown by {order}");
            var shown = breakdown.GetProperty("rows").EnumerateArray().ToList();
            Assert.That(shown.Select(row => row.GetProperty("value").GetString()), Is.EqualTo(rows.Take(Top).Select(row => row["value"])), $"breakdown by {order}");
            foreach (var (row, expected) in shown.Zip(rows))
            {
                Same(row.GetProperty("figures"), expected, $"breakdown by {order}");
                Assert.That(row.GetProperty("share").GetDecimal(), Is.EqualTo((decimal)expected["amount"] / (decimal)total["amount"]).Within(0.000001m), $"breakdown by {order}: share");
            }

            var other = breakdown.GetProperty("other");
            Same(other.GetProperty("figures"), rest, $"breakdown by {order}: other");
            Assert.That(other.GetProperty("groups").GetInt32(), Is.EqualTo(rows.Count - Top));
            Assert.That(other.GetProperty("share").GetDecimal(), Is.EqualTo((decimal)rest["amount"] / (decimal)total["amount"]).Within(0.000001m), $"breakdown by {order}: share of the rest");
        }
    }

    private async Task CompareSessionsAsync(string range)
    {
        const string sums =
            """
            count(*) AS sessions, count(*) FILTER (WHERE active OR disconnected_at IS NULL) AS active,
            coalesce(round(avg(seconds)::numeric, 3), 0) AS average_duration_seconds
            """;
        var sessions =
            $"""
            (SELECT *, CASE WHEN NOT active THEN extract(epoch FROM disconnected_at - connected_at)::float8 END AS seconds FROM sessions
             WHERE connected_at >= '{_from}' AND connected_at < '{_to}') AS s
            """;
        foreach (var period in new[] { "hour", "day", "month" })
        {
            var report = await GetAsync($"sessions?{range}&period={period}");
            var total = (await RowsAsync(
                $"""
                SELECT {sums}, percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) AS p50, percentile_disc(0.9) WITHIN GROUP (ORDER BY seconds) AS p90,
                    percentile_disc(0.95) WITHIN GROUP (ORDER BY seconds) AS p95, percentile_disc(0.99) WITHIN GROUP (ORDER BY seconds) AS p99 FROM {sessions}
                """)).Single();
            SameSessions(report, total, "sessions");
            foreach (var name in new[] { "p50", "p90", "p95", "p99" })
            {
                Assert.That(report.GetProperty("duration").GetProperty(name).GetDouble(), Is.EqualTo((double)total[name]).Within(1.001).Percent, $"sessions: {name}");
            }

            var expected = await RowsAsync($"SELECT extract(epoch FROM date_trunc('{period}', connected_at, 'UTC'))::bigint AS start, {sums} FROM {sessions} GROUP BY 1 ORDER BY 1");
            var data = report.GetProperty("data").EnumerateArray().Where(bucket => bucket.GetProperty("sessions").GetInt64() > 0).ToList();
            Assert.That(data.Select(bucket => bucket.GetProperty("timestamp").GetDateTimeOffset().ToUnixTimeSeconds()), Is.EqualTo(expected.Select(row => (long)row["start"])), $"sessions by {period}");
            foreach (var (bucket, row) in data.Zip(expected))
            {
                SameSessions(bucket, row, $"sessions by {period}");
            }
        }
    }

    private static void SameSessions(JsonElement actual, Dictionary<string, object> row, string what)
    {
        Assert.That(actual.GetProperty("sessions").GetInt64(), Is.EqualTo(row["sessions"]), what);
        Assert.That(actual.GetProperty("active").GetInt64(), Is.EqualTo(row["active"]), what);
        Assert.That(actual.GetProperty("average_duration_seconds").GetDecimal(), Is.EqualTo((decimal)row["average_duration_seconds"]).Within(0.0011m), what);
    }

    /// <summary>A day as an end means its end.</summary>
    private async Task CompareConversationsAsync(string? from, string? to)
    {
        var within = (from is null ? "true" : $"started_at >= '{from}'") + (to is null ? "" : to.Length == 10 ? $" AND started_at < date '{to}' + 1" : $" AND started_at < '{to}'");
        var range = $"start_date={from}&end_date={to}";
        var total = (await RowsAsync(
            $"SELECT count(*) AS count, coalesce(sum(total_cost_usd), 0) AS cost, coalesce(sum(total_tasks), 0) AS tasks, coalesce(sum(total_duration_seconds), 0)::numeric AS seconds FROM conversations WHERE {within}")).Single();
        foreach (var (order, sql) in new[] { ("", "started_at DESC NULLS LAST, conversation_id DESC"), ("cost", "total_cost_usd DESC, conversation_id") })
        {
            var answer = await GetAsync($"conversations?{range}&order={order}&limit=7&offset=2");
            var rows = await RowsAsync($"SELECT conversation_id AS id, total_cost_usd AS cost, total_tasks AS tasks FROM conversations WHERE {within} ORDER BY {sql} LIMIT 7 OFFSET 2");
            Assert.Multiple(() =>
            {
                Assert.That(answer.GetProperty("total_conversations").GetInt64(), Is.EqualTo(total["count"]), range);
                Assert.That(answer.GetProperty("total_cost_usd").GetDecimal(), Is.EqualTo((decimal)total["cost"]), range);
                Assert.That(answer.GetProperty("total_tasks").GetInt64(), Is.EqualTo(total["tasks"]), range);
                Assert.That(answer.GetProperty("total_duration_seconds").GetDecimal(), Is.EqualTo((decimal)total["seconds"]).Within(0.011m), range);
                var list = answer.GetProperty("conversations").EnumerateArray().ToList();
                Assert.That(
                    list.Select(item => (item.GetProperty("conversation_id").GetString(), item.GetProperty("total_cost_usd").GetDecimal(), item.GetProperty("total_tasks").GetInt32())),
                    Is.EqualTo(rows.Select(row => ((string)row["id"], (decimal)row["cost"], (int)row["tasks"]))), $"{range} {order}");
                var (costs, whole) = (rows.Sum(row => (decimal)row["cost"]), (decimal)total["cost"]);
                foreach (var item in list)
                {
                    Assert.That(item.GetProperty("share").GetDecimal(), Is.EqualTo(whole == 0 ? 0 : item.GetProperty("total_cost_usd").GetDecimal() / whole).Within(0.000001m), range);
                }

                var other = answer.GetProperty("other");
                if ((long)total["count"] == rows.Count)
                {
                    Assert.That(other.ValueKind, Is.EqualTo(JsonValueKind.Null), range);
                    return;
                }

                Assert.That(other.GetProperty("conversations").GetInt64(), Is.EqualTo((long)total["count"] - rows.Count), range);
                Assert.That(other.GetProperty("total_cost_usd").GetDecimal(), Is.EqualTo(whole - costs), range);
                Assert.That(other.GetProperty("total_tasks").GetInt64(), Is.EqualTo((long)total["tasks"] - rows.Sum(row => (int)row["tasks"])), range);
                Assert.That(other.GetProperty("share").GetDecimal(), Is.EqualTo(whole == 0 ? 0 : (whole - costs) / whole).Within(0.000001m), range);
            });
        }
    }

    private static void SameChange(JsonElement change, JsonElement now, JsonElement before)
    {
        foreach (var name in new[] { "tasks", "cost", "total_tokens", "average_cost", "average_duration_seconds" })
        {
            var (one, other) = (now.GetProperty(name).GetDecimal(), before.GetProperty(name).GetDecimal());
            if (other == 0)
            {
                Assert.That(change.GetProperty(name).ValueKind, Is.EqualTo(JsonValueKind.Null), $"change of {name}");
            }
            else
            {
                Assert.That(change.GetProperty(name).GetDecimal(), Is.EqualTo((one - other) / other).Within(0.000001m), $"change of {name}");
            }
        }

        Assert.That(change.GetProperty("success_rate").GetDecimal(), Is.EqualTo(now.GetProperty("success_rate").GetDecimal() - before.GetProperty("success_rate").GetDecimal()));
    }

    private async Task SameGroupsAsync(string path, string name, Dictionary<string, Dictionary<string, object>> expected)
    {
        var groups = (await GetAsync(path)).GetProperty(name).EnumerateArray().ToList();
        Assert.That(groups.Select(group => group.GetProperty("value").GetString()), Is.EquivalentTo(expected.Keys), path);
        foreach (var group in groups)
        {
            var row = expected[group.GetProperty("value").GetString()!];
            Same(group.GetProperty("figures"), row, path);
            if (group.TryGetProperty("duration", out _))
            {
                SamePercentiles(group, row, path);
            }
        }
    }

    private static void Same(JsonElement figures, Dictionary<string, object> row, string what) => Assert.Multiple(() =>
    {
        foreach (var name in new[] { "tasks", "completed", "failed", "running", "cost", "input_tokens", "output_tokens" })
        {
            Assert.That(figures.GetProperty(name).GetDecimal(), Is.EqualTo(Convert.ToDecimal(row[name], CultureInfo.InvariantCulture)), $"{what}: {name}");
        }

        foreach (var name in new[] { "average_duration_seconds", "average_turnaround_seconds", "average_queue_seconds" })
        {
            Assert.That(figures.GetProperty(name).GetDecimal(), Is.EqualTo((decimal)row[name]).Within(0.0011m), $"{what}: {name}");
        }
    });

    private static void SamePercentiles(JsonElement group, Dictionary<string, object> row, string what) => Assert.Multiple(() =>
    {
        foreach (var (kind, name, column) in new[]
        {
            ("duration", "p50", "p50"), ("duration", "p90", "p90"), ("duration", "p95", "p95"), ("duration", "p99", "p99"), ("queue_time", "p50", "q50"), ("queue_time", "p99", "q99"),
        })
        {
            var actual = group.GetProperty(kind).GetProperty(name);
            if (row[column] is DBNull)
            {
                Assert.That(actual.ValueKind, Is.EqualTo(JsonValueKind.Null), $"{what}: {kind} {name}");
            }
            else
            {
                Assert.That(actual.GetDouble(), Is.EqualTo((double)row[column]).Within(1.001).Percent, $"{what}: {kind} {name}");
            }
        }
    });

    private async Task<JsonElement> GetAsync(string path)
    {
        using var response = await _server.Http.GetAsync("/api/analytics/" + path);
        var text = await response.Content.ReadAsStringAsync();
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), $"{path}: {text}");
        return JsonElement.Parse(text);
    }

    private async Task<List<Dictionary<string, object>>> RowsAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<Dictionary<string, object>>();
        while (await reader.ReadAsync())
        {
            rows.Add(Enumerable.Range(0, reader.FieldCount).ToDictionary(reader.GetName, reader.GetValue));
        }

        return rows;
    }

    private static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static IEnumerable<string> Texts(JsonElement json, string name) => json.GetProperty(name).EnumerateArray().Select(item => item.GetString()!);

    private static IEnumerable<decimal> Numbers(JsonElement json, string name) => json.GetProperty(name).EnumerateArray().Select(item => item.GetDecimal());
}
