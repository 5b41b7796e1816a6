using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace GrooteDashboard.IntegrationTests.System;

[TestFixture]
internal sealed class HttpEdgeTests : ServerFixture
{
    [TestCase("/api/nothing", "GET", HttpStatusCode.NotFound)]
    [TestCase("/ws/../api/nothing", "GET", HttpStatusCode.NotFound)]
    [TestCase("/api/tasks", "DELETE", HttpStatusCode.MethodNotAllowed)]
    public async Task Refusals_of_the_framework_are_problem_details_too(string path, string method, HttpStatusCode expected)
    {
        using var response = await Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        var problem = JsonElement.Parse(await response.Content.ReadAsStringAsync());

        Assert.That(response.StatusCode, Is.EqualTo(expected));
        Assert.That(problem.GetProperty("detail").GetString(), Is.Not.Empty);
        Assert.That(problem.GetProperty("request_id").GetString(), Is.EqualTo(response.Headers.GetValues("X-Request-Id").Single()));
    }

    [TestCase("/api/tasks?date=9999-12-31")]
    [TestCase("/api/tasks?agent=%00")]
    public async Task Values_that_no_store_holds_are_refused(string path) => await GetAsync(path, HttpStatusCode.UnprocessableEntity);

    [Test]
    public async Task A_number_beyond_all_bounds_in_metadata_is_refused()
    {
        using var response = await Http.PostAsync(
            "/api/tasks", Json("""{"task_id":"huge-number","source":"x","input_message":"m","source_metadata":{"n":1e400000}}"""));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.UnprocessableEntity));
    }

    [TestCase("/api/tasks")]
    [TestCase("/api/tasks/task-1/output")]
    public async Task A_body_of_an_unknown_charset_is_refused(string path)
    {
        using var content = Json("{}");
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json; charset=klingon");
        using var response = await Http.PostAsync(path, content);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.UnsupportedMediaType));
    }

    [Test]
    public async Task A_deep_link_to_a_task_whose_id_holds_dots_opens_the_page()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/tasks/build-1.2.3");
        request.Headers.Add("Accept", "text/html,*/*");
        using var page = await Http.SendAsync(request);
        using var file = await Http.GetAsync("/assets/missing.js");

        // Here the page is not built; the server says that instead.
        Assert.That(await page.Content.ReadAsStringAsync(), Does.Contain("npm run build"));
        Assert.That(await file.Content.ReadAsStringAsync(), Does.Contain("Not Found"));
    }

    [Test]
    public async Task A_page_of_another_origin_may_not_write()
    {
        var id = NewTaskId();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/tasks/{id}/output") { Content = new StringContent("x") };
        request.Headers.Add("Origin", "https://elsewhere.example");
        using var response = await Http.SendAsync(request);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
        await GetAsync($"/api/tasks/{id}", HttpStatusCode.NotFound);
    }

    [Test]
    public async Task The_own_page_may_write()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/tasks/{NewTaskId()}/output") { Content = new StringContent("x") };
        request.Headers.Add("Origin", Server.Address.GetLeftPart(UriPartial.Authority));
        using var response = await Http.SendAsync(request);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task A_host_that_is_not_this_machine_is_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/tasks");
        request.Headers.Host = "rebound.example";
        using var response = await Http.SendAsync(request);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
    }

    [Test]
    public async Task OpenAPI_describes_every_route_with_a_summary_and_examples()
    {
        var document = await GetAsync("/openapi.json");
        var operations = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => (Path: path.Name, Operation: operation))).ToList();

        Assert.That(operations.Select(o => o.Path).Distinct(), Is.SupersetOf(new[]
        {
            "/api/tasks", "/api/tasks/{taskId}", "/api/tasks/{taskId}/log", "/api/tasks/{taskId}/logs", "/api/tasks/{taskId}/output",
            "/api/tasks/{taskId}/output.txt", "/api/agents", "/api/health", "/api/health/ready", "/api/status",
        }));
        Assert.That(operations.Where(o => !o.Operation.Value.TryGetProperty("summary", out _)).Select(o => $"{o.Operation.Name} {o.Path}"), Is.Empty);
        Assert.That(document.GetProperty("components").GetProperty("schemas").EnumerateObject().Count(schema => schema.Value.TryGetProperty("examples", out _)),
            Is.GreaterThan(8));
    }

    [Test]
    public async Task OpenAPI_tells_the_bounds_of_every_field_of_a_body()
    {
        var document = await GetAsync("/openapi.json");
        var unbounded = new List<string>();
        foreach (var (operation, body) in Bodies(document))
        {
            foreach (var (path, described, field) in Fields(document, body))
            {
                var isBounded = TypeOf(field) switch
                {
                    "string" => field.TryGetProperty("maxLength", out _) || field.TryGetProperty("enum", out _) || field.TryGetProperty("format", out _) || field.TryGetProperty("pattern", out _),
                    "integer" or "number" => field.TryGetProperty("minimum", out _) && field.TryGetProperty("maximum", out _),
                    "array" => field.TryGetProperty("maxItems", out _),
                    "boolean" => true,
                    // Any JSON: in words.
                    _ => described.GetRawText().Contains("at most", StringComparison.Ordinal),
                };
                if (!isBounded)
                {
                    unbounded.Add($"{operation} {path}: {described.GetRawText()}");
                }
            }
        }

        Assert.That(Bodies(document).Count(), Is.GreaterThan(9));
        Assert.That(unbounded, Is.Empty);
    }

    /// <summary>What the description says is what is refused beyond: a field at its bound is taken, one character more is refused by its name.</summary>
    [Test]
    public async Task Bounds_of_texts_in_OpenAPI_are_those_that_are_enforced()
    {
        var document = await GetAsync("/openapi.json");
        var wrong = new List<string>();
        foreach (var (operation, body) in Bodies(document))
        {
            var (method, path) = (operation.Split(' ')[0], operation.Split(' ')[1].Replace("{taskId}", "nothing", StringComparison.Ordinal)
                .Replace("{conversationId}", "nothing", StringComparison.Ordinal).Replace("{budgetId}", "nothing", StringComparison.Ordinal) + (operation.EndsWith("/chat", StringComparison.Ordinal) ? "?session_id=bounds" : ""));
            foreach (var (name, field) in Resolve(document, body).GetProperty("properties").EnumerateObject().Select(field => (field.Name, field.Value)))
            {
                if (!field.TryGetProperty("maxLength", out var most))
                {
                    continue;
                }

                foreach (var (length, isRefused) in new[] { (most.GetInt32(), false), (most.GetInt32() + 1, true) })
                {
                    // What is not the field's own length is refused for other reasons, or not at all.
                    var example = JsonNode.Parse(Resolve(document, body).GetProperty("examples")[0].GetRawText())!.AsObject();
                    example[name] = new string('a', length);
                    using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = Json(example.ToJsonString()) };
                    using var answer = await Http.SendAsync(request);
                    var problem = await answer.Content.ReadAsStringAsync();
                    var refused = answer.StatusCode == HttpStatusCode.UnprocessableEntity
                        && JsonElement.Parse(problem).TryGetProperty("errors", out var errors) && errors.TryGetProperty(name, out _);
                    if (refused != isRefused)
                    {
                        wrong.Add($"{operation} {name} of {length}: {(int)answer.StatusCode}");
                    }
                }
            }
        }

        Assert.That(wrong, Is.Empty);
    }

    private static IEnumerable<(string Operation, JsonElement Schema)> Bodies(JsonElement document) =>
        from path in document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        where operation.Value.TryGetProperty("requestBody", out _)
        let content = operation.Value.GetProperty("requestBody").GetProperty("content")
        where content.TryGetProperty("application/json", out _)
        select ($"{operation.Name.ToUpperInvariant()} {path.Name}", content.GetProperty("application/json").GetProperty("schema"));

    /// <summary>All fields, also those of objects in lists.</summary>
    private static IEnumerable<(string Path, JsonElement Described, JsonElement Field)> Fields(JsonElement document, JsonElement schema)
    {
        schema = Resolve(document, schema);
        if (schema.TryGetProperty("properties", out var properties))
        {
            foreach (var property in properties.EnumerateObject())
            {
                var field = Resolve(document, property.Value);
                yield return (property.Name, property.Value, field);
                if (TypeOf(field) == "array")
                {
                    var item = Resolve(document, field.GetProperty("items"));
                    foreach (var (path, described, inner) in TypeOf(item) == "object" ? Fields(document, item) : [("[]", item, item)])
                    {
                        yield return ($"{property.Name}.{path}", described, inner);
                    }
                }
            }
        }
    }

    private static JsonElement Resolve(JsonElement document, JsonElement schema)
    {
        // A field that may be null is that or a reference.
        var target = schema.TryGetProperty("oneOf", out var choices) ? choices.EnumerateArray().Last() : schema;
        return target.TryGetProperty("$ref", out var reference)
            ? document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1])
            : target;
    }

    private static string? TypeOf(JsonElement schema) => !schema.TryGetProperty("type", out var type) ? null
        : type.ValueKind == JsonValueKind.String ? type.GetString()
        : type.EnumerateArray().Select(one => one.GetString()).Where(one => one != "null").OrderBy(one => one == "string").First();

    [Test]
    public async Task Swagger_UI_is_served() => Assert.That(await Http.GetStringAsync("/docs/index.html"), Does.Contain("swagger"));
}
