using System.Net;
using System.Text.Json;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Tasks;

[TestFixture]
internal sealed class RegisterTaskTests : ServerFixture
{
    [Test]
    public async Task A_registered_task_is_queued_and_keeps_what_was_said_of_it()
    {
        var id = NewTaskId();
        await PostAsync("/api/tasks", new
        {
            task_id = id,
            source = "github",
            source_metadata = new { repository = "owner/repo", issue = 42 },
            input_message = "Fix it",
            assigned_agent = "executor",
            flow_id = "github:owner/repo#42",
            conversation_id = "conv-1",
        });

        var task = await GetAsync($"/api/tasks/{id}");

        Assert.Multiple(() =>
        {
            Assert.That(task.GetProperty("status").GetString(), Is.EqualTo("queued"));
            Assert.That(task.GetProperty("source_metadata").GetProperty("issue").GetInt32(), Is.EqualTo(42));
            Assert.That(task.GetProperty("session_id").GetString(), Is.EqualTo("webhook-system"));
            Assert.That(task.GetProperty("flow_id").GetString(), Is.EqualTo("github:owner/repo#42"));
            Assert.That(task.GetProperty("conversation_id").GetString(), Is.EqualTo("conv-1"));
            Assert.That(task.GetProperty("created_at").GetString(), Does.EndWith("Z"));
        });
    }

    [Test]
    public async Task Registering_twice_changes_nothing_and_answers_the_same()
    {
        var id = await RegisterAsync();
        var again = await PostAsync("/api/tasks", new { task_id = id, source = "slack", input_message = "something else" });

        var task = await GetAsync($"/api/tasks/{id}");

        Assert.That(again.GetProperty("task_id").GetString(), Is.EqualTo(id));
        Assert.That(task.GetProperty("source").GetString(), Is.EqualTo("github"));
        Assert.That(task.GetProperty("version").GetInt32(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_second_registration_by_another_way_brings_what_the_first_left_out()
    {
        var id = NewTaskId();
        await AddEventAsync("webhook:task_created", id, new { task_id = id, source = "github", event_type = "issues", input_message = "from the webhook" });
        await Probe.Until(async () => (await Http.GetAsync($"/api/tasks/{id}")).IsSuccessStatusCode, "the webhook's task is there");
        await PostAsync("/api/tasks", new
        {
            task_id = id, source = "github", input_message = "from the engine", conversation_id = "conv-9", flow_id = "github:o/r#9", source_metadata = new { issue = 9 },
        });

        var task = await GetAsync($"/api/tasks/{id}");

        Assert.Multiple(() =>
        {
            Assert.That(task.GetProperty("input_message").GetString(), Is.EqualTo("from the webhook"));
            Assert.That(task.GetProperty("conversation_id").GetString(), Is.EqualTo("conv-9"));
            Assert.That(task.GetProperty("flow_id").GetString(), Is.EqualTo("github:o/r#9"));
            Assert.That(task.GetProperty("source_metadata").GetProperty("issue").GetInt32(), Is.EqualTo(9));
        });
    }

    [Test]
    public async Task Registering_at_once_from_many_places_creates_one_task()
    {
        var id = NewTaskId();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => RegisterAsync(id)));

        // The start is stored after everything that was told of the task before.
        await PatchAsync($"/api/tasks/{id}", new { status = "running" });
        Assert.That(await ReadLogAsync(id, 2), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Registration_fills_in_a_task_that_its_output_created()
    {
        var id = NewTaskId();
        await PostAsync($"/api/tasks/{id}/output", new { chunks = new[] { new { output = "first\n" } } });
        Assert.That((await GetAsync($"/api/tasks/{id}")).GetProperty("source").GetString(), Is.EqualTo("unknown"));

        await RegisterAsync(id, source: "jira", agent: "planning");

        var task = await GetAsync($"/api/tasks/{id}");
        Assert.Multiple(() =>
        {
            Assert.That(task.GetProperty("status").GetString(), Is.EqualTo("running"));
            Assert.That(task.GetProperty("source").GetString(), Is.EqualTo("jira"));
            Assert.That(task.GetProperty("assigned_agent").GetString(), Is.EqualTo("planning"));
            Assert.That(task.GetProperty("output_stream").GetString(), Is.EqualTo("first\n"));
        });
    }

    [TestCase("""{"task_id":""", HttpStatusCode.BadRequest, null)]
    [TestCase("""[]""", HttpStatusCode.UnprocessableEntity, null)]
    [TestCase("""{"task_id":5,"source":"x","input_message":"m"}""", HttpStatusCode.UnprocessableEntity, "task_id")]
    [TestCase("""{"task_id":"a/b","source":"x","input_message":"m"}""", HttpStatusCode.UnprocessableEntity, "task_id")]
    [TestCase("""{"task_id":"..","source":"x","input_message":"m"}""", HttpStatusCode.UnprocessableEntity, "task_id")]
    [TestCase("""{"task_id":"ok","input_message":"m"}""", HttpStatusCode.UnprocessableEntity, "source")]
    [TestCase("""{"task_id":"ok","source":"x"}""", HttpStatusCode.UnprocessableEntity, "input_message")]
    [TestCase("""{"task_id":"ok","source":"x","input_message":"m","source_metadata":[1]}""", HttpStatusCode.UnprocessableEntity, "source_metadata")]
    [TestCase("""{"task_id":"ok","source":"x","input_message":"m","conversation_id":"no spaces please"}""", HttpStatusCode.UnprocessableEntity, "conversation_id")]
    public async Task Bad_registrations_are_refused_with_the_name_of_the_field(string body, HttpStatusCode expected, string? field)
    {
        using var response = await Http.PostAsync("/api/tasks", Json(body));
        var text = await response.Content.ReadAsStringAsync();

        Assert.That(response.StatusCode, Is.EqualTo(expected), text);
        Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
        if (field is not null)
        {
            Assert.That(JsonElement.Parse(text).GetProperty("errors").TryGetProperty(field, out _), Is.True, text);
        }
    }

    [Test]
    public async Task An_id_of_a_thousand_characters_is_refused()
    {
        var problem = await PostAsync(
            "/api/tasks", new { task_id = new string('x', 1000), source = "x", input_message = "m" }, HttpStatusCode.UnprocessableEntity);

        Assert.That(problem.GetProperty("detail").GetString(), Does.Contain("task_id"));
    }

    [Test]
    public async Task NUL_and_broken_characters_in_texts_are_stored_as_replacement_characters()
    {
        var id = NewTaskId();
        using var response = await Http.PostAsync(
            "/api/tasks", Json("""{"task_id":"ID","source":"x","input_message":"a\u0000b","source_metadata":{"k":"a\u0000b"}}""".Replace("ID", id, StringComparison.Ordinal)));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), await response.Content.ReadAsStringAsync());
        Assert.That((await GetAsync($"/api/tasks/{id}")).GetProperty("input_message").GetString(), Is.EqualTo("a\uFFFDb"));
    }
}
