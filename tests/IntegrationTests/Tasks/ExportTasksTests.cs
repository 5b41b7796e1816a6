using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace GrooteDashboard.IntegrationTests.Tasks;

[TestFixture]
internal sealed class ExportTasksTests : ServerFixture
{
    [Test]
    public async Task A_filter_is_exported_as_CSV_whole_and_newest_first()
    {
        var agent = NewTaskId("agent");
        var ids = new List<string>();
        foreach (var message in new[] { "=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(A1)", "two\nlines, \"quoted\"", "größer 😀", "\tx" })
        {
            ids.Insert(0, NewTaskId());
            await PostAsync("/api/tasks", new { task_id = ids[0], source = "jira", input_message = message, assigned_agent = agent });
        }

        using var response = await Http.GetAsync($"/api/tasks/export?format=csv&agent={agent}");
        var csv = await response.Content.ReadAsStringAsync();
        using var reader = new CsvHelper.CsvReader(new StringReader(csv), global::System.Globalization.CultureInfo.InvariantCulture);
        var rows = reader.GetRecords<dynamic>().Select(row => (IDictionary<string, object>)row).ToList();

        Assert.Multiple(() =>
        {
            Assert.That(response.Content.Headers.ContentType!.ToString(), Is.EqualTo("text/csv; charset=utf-8"));
            Assert.That(response.Content.Headers.ContentDisposition!.ToString(), Does.Match(@"^attachment; filename=""tasks-\d{8}T\d{6}Z\.csv""$"));
            Assert.That(csv, Does.StartWith("task_id,status,assigned_agent,"));
            Assert.That(rows.Select(row => row["task_id"]), Is.EqualTo(ids));
            Assert.That(rows.Select(row => row["input_message"]).Reverse(), Is.EqualTo(new[]
            {
                "'=HYPERLINK(\"http://x\")", "'+1", "'-1", "'@SUM(A1)", "two\nlines, \"quoted\"", "größer 😀", "'\tx",
            }));
            Assert.That(decimal.Parse((string)rows[0]["cost_usd"], global::System.Globalization.CultureInfo.InvariantCulture), Is.Zero);
            Assert.That((string)rows[0]["created_at"], Does.Match(@"^\d{4}-\d\d-\d\dT[\d:.]+Z$"));
        });
    }

    [Test]
    public async Task NDJSON_has_a_task_as_lists_show_it_on_every_line()
    {
        var agent = NewTaskId("agent");
        var id = await RegisterAsync(agent: agent);
        await RegisterAsync();
        using var response = await Http.GetAsync($"/api/tasks/export?format=ndjson&agent={agent}");
        var lines = (await response.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.That(lines, Has.Length.EqualTo(1));
        var row = JsonElement.Parse(lines[0]);
        Assert.That((row.Text("task_id"), row.Text("status"), row.Text("input_message")), Is.EqualTo((id, "queued", "do it")));
        Assert.That(response.Content.Headers.ContentDisposition!.FileName, Does.EndWith(".ndjson"));
        Assert.That(await Http.GetStringAsync("/api/tasks/export?agent=nobody&format=ndjson"), Is.Empty);
    }

    [TestCase("format=xlsx", "format")]
    [TestCase("status=gone", "status")]
    [TestCase("date_from=yesterday", "date_from")]
    public async Task What_cannot_be_exported_is_refused_by_name(string query, string field)
    {
        var problem = await GetAsync($"/api/tasks/export?{query}", HttpStatusCode.UnprocessableEntity);
        Assert.That(problem.GetProperty("errors").TryGetProperty(field, out _), Is.True, problem.GetRawText());
    }

    /// <summary>Many rows with the same time, so that ids alone keep the order.</summary>
    [TestCase("csv", 1)]
    [TestCase("ndjson", 0)]
    public async Task A_hundred_thousand_rows_take_little_memory(string format, int headers)
    {
        var agent = NewTaskId("many");
        await SeedAsync(agent, 100_000);
        GC.Collect();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var peak = 0L;
        using var response = await Http.GetAsync($"/api/tasks/export?format={format}&agent={agent}", HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        var (buffer, lines, total, since) = (new byte[1 << 16], 0, 0L, 0L);
        for (int read; (read = await body.ReadAsync(buffer)) > 0;)
        {
            lines += buffer.AsSpan(0, read).Count((byte)'\n');
            total += read;
            if (total - since > 4 << 20)
            {
                since = total;
                peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true) - before);
            }
        }

        TestContext.Out.WriteLine($"{total >> 20} MB, peak {peak >> 10} KB");
        Assert.That(lines, Is.EqualTo(100_000 + headers));
        Assert.That(peak, Is.LessThan(24L << 20));
    }

    [Test]
    public async Task The_reading_ends_when_the_client_leaves()
    {
        await RegisterAsync();
        var ended = new TaskCompletionSource();
        await using var server = await DashboardServer.StartAsync(Database, redis: null, builder => builder.Services.Decorate<ITaskExportReader>(inner => new Endless(inner, ended)));
        using (var response = await server.Http.GetAsync("/api/tasks/export", HttpCompletionOption.ResponseHeadersRead))
        {
            await using var body = await response.Content.ReadAsStreamAsync();
            await body.ReadExactlyAsync(new byte[100]);
            Assert.That(ended.Task.IsCompleted, Is.False);
        }

        await ended.Task.WaitAsync(Probe.Deadline);
    }

    private Task<long> SeedAsync(string agent, int count) => Database.QueryAsync<long>(
        $$"""
        WITH new AS (INSERT INTO tasks (task_id, session_id, user_id, status, assigned_agent, agent_type, source, created_at, input_message, source_metadata, version)
            SELECT '{{agent}}-' || i, 'unregistered', 'u', 'queued', '{{agent}}', 't', 's', '2026-02-03T10:00:00Z'::timestamptz + (i / 5000) * interval '1 second', repeat('x', 150), '{}', 1
            FROM generate_series(1, {{count}}) i RETURNING 1)
        SELECT count(*) FROM new
        """);

    /// <summary>The first task, for ever.</summary>
    private sealed class Endless(ITaskExportReader inner, TaskCompletionSource ended) : ITaskExportReader
    {
        public async IAsyncEnumerable<TaskSummary> ReadAsync(TaskFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            try
            {
                var task = await inner.ReadAsync(filter, cancellationToken).FirstAsync(cancellationToken);
                while (true)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    yield return task;
                }
            }
            finally
            {
                ended.TrySetResult();
            }
        }
    }
}
