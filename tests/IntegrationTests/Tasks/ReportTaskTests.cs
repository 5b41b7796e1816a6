using System.Net;
using System.Text.Json;

namespace GrooteDashboard.IntegrationTests.Tasks;

[TestFixture]
internal sealed class ReportTaskTests : ServerFixture
{
    [Test]
    public async Task A_run_is_reported_from_start_to_end()
    {
        var id = await RegisterAsync();
        await PatchAsync($"/api/tasks/{id}", new { status = "running" });
        var answer = await PatchAsync($"/api/tasks/{id}", new { status = "completed", cost_usd = "0.125", input_tokens = 10, output_tokens = 20, duration_seconds = 1.5 });

        var task = await GetAsync($"/api/tasks/{id}");

        Assert.That(answer.GetProperty("status").GetString(), Is.EqualTo("completed"));
        Assert.Multiple(() =>
        {
            Assert.That(task.GetProperty("cost_usd").GetDecimal(), Is.EqualTo(0.125m));
            Assert.That(task.GetProperty("input_tokens").GetInt64(), Is.EqualTo(10));
            Assert.That(task.GetProperty("duration_seconds").GetDouble(), Is.EqualTo(1.5));
            Assert.That(task.GetProperty("turnaround_seconds").GetDouble(), Is.GreaterThan(0));
            Assert.That(task.GetProperty("started_at").GetString(), Does.EndWith("Z"));
        });
    }

    [Test]
    public async Task Every_change_is_in_the_log_once_and_in_order()
    {
        var id = await RegisterAsync();
        await PatchAsync($"/api/tasks/{id}", new { status = "in_progress" });
        await PatchAsync($"/api/tasks/{id}", new { status = "waiting_input" });
        await PatchAsync($"/api/tasks/{id}", new { status = "running" });
        await PatchAsync($"/api/tasks/{id}", new { status = "failed", error = "no luck" });
        await PatchAsync($"/api/tasks/{id}", new { status = "failed", error = "no luck" });

        var log = await ReadLogAsync(id, 5);

        Assert.That(log.Select(entry => entry.GetProperty("status").GetString()), Is.EqualTo(new[] { "queued", "running", "waiting_input", "running", "failed" }));
        Assert.That(log.Select(entry => entry.GetProperty("offset").GetInt64()), Is.EqualTo(new[] { 1, 2, 3, 4, 5 }));
    }

    [Test]
    public async Task A_late_report_cannot_revive_a_task_but_brings_figures_once()
    {
        var id = await RegisterAsync();
        await PatchAsync($"/api/tasks/{id}", new { status = "cancelled" });
        var late = await PatchAsync($"/api/tasks/{id}", new { status = "completed", cost_usd = 0.5 });
        await PatchAsync($"/api/tasks/{id}", new { status = "completed", cost_usd = 0.75 });

        var task = await GetAsync($"/api/tasks/{id}");

        Assert.That(late.GetProperty("status").GetString(), Is.EqualTo("cancelled"));
        Assert.That(task.GetProperty("cost_usd").GetDecimal(), Is.EqualTo(0.5m));
    }

    [Test]
    public async Task Going_back_to_queued_is_a_conflict()
    {
        var id = await RegisterAsync();
        await PatchAsync($"/api/tasks/{id}", new { status = "running" });

        var problem = await PatchAsync($"/api/tasks/{id}", new { status = "queued" }, HttpStatusCode.Conflict);

        Assert.That(problem.GetProperty("detail").GetString(), Is.EqualTo("A task that is running cannot become queued."));
    }

    [TestCase("""{"status":"bogus"}""", "status")]
    [TestCase("""{"cost_usd":-1}""", "cost_usd")]
    [TestCase("""{"cost_usd":"much"}""", "cost_usd")]
    [TestCase("""{"input_tokens":-5}""", "input_tokens")]
    [TestCase("""{"input_tokens":99999999999999999999}""", "input_tokens")]
    [TestCase("""{"duration_seconds":-0.1}""", "duration_seconds")]
    public async Task Values_out_of_bounds_are_refused_with_the_name_of_the_field(string body, string field)
    {
        var id = await RegisterAsync();
        using var response = await Http.PatchAsync($"/api/tasks/{id}", Json(body));
        var text = await response.Content.ReadAsStringAsync();

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.UnprocessableEntity), text);
        Assert.That(JsonElement.Parse(text).GetProperty("errors").TryGetProperty(field, out _), Is.True, text);
        Assert.That(await StatusOfAsync(id), Is.EqualTo("queued"));
    }

    [TestCase("""{"input_tokens":12.0}""", "input_tokens", 12)]
    [TestCase("""{"input_tokens":"12"}""", "input_tokens", 12)]
    [TestCase("""{"output_tokens":1e3}""", "output_tokens", 1000)]
    public async Task Whole_numbers_are_taken_as_the_engine_writes_them(string body, string field, long expected)
    {
        var id = await RegisterAsync();
        using var response = await Http.PatchAsync($"/api/tasks/{id}", Json(body));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), await response.Content.ReadAsStringAsync());
        Assert.That((await GetAsync($"/api/tasks/{id}")).GetProperty(field).GetInt64(), Is.EqualTo(expected));
    }

    [Test]
    public async Task A_report_is_not_lost_for_half_a_character()
    {
        var id = await RegisterAsync();
        using var response = await Http.PatchAsync($"/api/tasks/{id}", Json("""{"status":"running","error":"a\ud83d b"}"""));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), await response.Content.ReadAsStringAsync());
        Assert.That((await GetAsync($"/api/tasks/{id}")).GetProperty("error").GetString(), Is.EqualTo("a\uFFFD b"));
    }

    [Test]
    public Task A_report_on_an_unknown_task_is_not_found() => PatchAsync("/api/tasks/none", new { status = "running" }, HttpStatusCode.NotFound);

    [Test]
    public async Task Concurrent_reports_lose_no_update()
    {
        var id = await RegisterAsync();
        await PatchAsync($"/api/tasks/{id}", new { status = "running" });
        await Task.WhenAll(
            PatchAsync($"/api/tasks/{id}", new { cost_usd = 1.5 }),
            PatchAsync($"/api/tasks/{id}", new { input_tokens = 7 }),
            PatchAsync($"/api/tasks/{id}", new { output_tokens = 8 }),
            PatchAsync($"/api/tasks/{id}", new { duration_seconds = 9 }),
            PatchAsync($"/api/tasks/{id}", new { result = "r" }));

        var task = await GetAsync($"/api/tasks/{id}");

        Assert.Multiple(() =>
        {
            Assert.That(task.GetProperty("cost_usd").GetDecimal(), Is.EqualTo(1.5m));
            Assert.That(task.GetProperty("input_tokens").GetInt64(), Is.EqualTo(7));
            Assert.That(task.GetProperty("output_tokens").GetInt64(), Is.EqualTo(8));
            Assert.That(task.GetProperty("duration_seconds").GetDouble(), Is.EqualTo(9));
            Assert.That(task.GetProperty("result").GetString(), Is.EqualTo("r"));
        });
    }
}
