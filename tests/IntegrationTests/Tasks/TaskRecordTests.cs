using System.Net;
using System.Net.Http.Headers;
using System.Text;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Tasks;

/// <summary>The logs family: from the files of a task logger, and from the store where there are none.</summary>
[TestFixture]
internal sealed class TaskRecordTests : ServerFixture
{
    private static readonly string Root = Directory.CreateTempSubdirectory("groote-records-").FullName;
    private static readonly string Logs = Path.Combine(Root, "logs");

    private static readonly string[] Parts =
        ["metadata", "input", "user-inputs", "webhook-flow", "agent-output", "knowledge-interactions", "final-result", "full"];

    protected override string[] Settings => [$"TASK_LOGS_DIR={Logs}"];

    [OneTimeSetUp]
    public void MakeFolder() => Directory.CreateDirectory(Path.Combine(Logs, ".by-id"));

    [OneTimeTearDown]
    public void DeleteFolder() => Directory.Delete(Root, recursive: true);

    [Test]
    public async Task Every_part_of_a_record_is_what_stands_in_its_file()
    {
        var id = NewTaskId();
        Write(id, ("metadata.json", """{"task_id":"x","status":"completed","cost_usd":0.5}"""), ("01-input.json", """{"message":"hi"}"""),
            ("02-user-inputs.jsonl", "{\"a\":1}\n"), ("03-webhook-flow.jsonl", "{\"stage\":\"received\"}\n{\"stage\":\"matched\"}\n"),
            ("04-agent-output.jsonl", "{\"type\":\"output\",\"content\":\"ä\"}\n"), ("05-knowledge-interactions.jsonl", ""),
            ("06-final-result.json", """{"result":"done"}"""), ("07-response-posting.jsonl", "{}\n"));

        Assert.Multiple(async () =>
        {
            Assert.That(await TextAsync(id, "metadata"), Is.EqualTo("""{"task_id":"x","status":"completed","cost_usd":0.5}"""));
            Assert.That(await TextAsync(id, "input"), Is.EqualTo("""{"message":"hi"}"""));
            Assert.That(await TextAsync(id, "user-inputs"), Is.EqualTo("""[{"a":1}]"""));
            Assert.That(await TextAsync(id, "webhook-flow"), Is.EqualTo("""[{"stage":"received"},{"stage":"matched"}]"""));
            Assert.That(await TextAsync(id, "agent-output"), Is.EqualTo("""[{"type":"output","content":"ä"}]"""));
            Assert.That(await TextAsync(id, "knowledge-interactions"), Is.EqualTo("[]"));
            Assert.That(await TextAsync(id, "final-result"), Is.EqualTo("""{"result":"done"}"""));
            Assert.That((await GetAsync($"/api/tasks/{id}/logs/full")).EnumerateObject().Select(part => part.Name), Is.EqualTo(
                new[] { "metadata", "input", "user_inputs", "webhook_flow", "agent_output", "knowledge_interactions", "final_result" }));
        });
    }

    [Test]
    public async Task A_torn_line_costs_itself_and_nothing_else()
    {
        var id = NewTaskId();
        Write(id, ("metadata.json", "{\"created_at\":\"2026-02-03T10:"), ("04-agent-output.jsonl", "{\"content\":\"one\"}\n{\"content\":\n\n{\"content\":\"two\"}\n{\"content\":\"thr"));

        Assert.Multiple(async () =>
        {
            Assert.That(await TextAsync(id, "agent-output"), Is.EqualTo("""[{"content":"one"},{"content":"two"}]"""));
            Assert.That(await TextAsync(id, "full"), Is.EqualTo("""{"agent_output":[{"content":"one"},{"content":"two"}]}"""));
            Assert.That((await GetAsync($"/api/tasks/{id}/logs/metadata", HttpStatusCode.NotFound)).Text("detail"), Is.EqualTo("Task logs not found"));
        });

        File.AppendAllText(Path.Combine(Logs, id, "04-agent-output.jsonl"), "ee\"}");
        Assert.That(await TextAsync(id, "agent-output"), Is.EqualTo("""[{"content":"one"},{"content":"two"},{"content":"three"}]"""));
    }

    [Test]
    public async Task A_folder_is_also_found_by_the_link_that_a_task_logger_makes_wherever_it_is_mounted()
    {
        var (here, elsewhere) = (NewTaskId(), NewTaskId());
        Write("2026-02-03_10-00-00_github_1", ("metadata.json", """{"n":1}"""));
        Link(here, Path.Combine(Logs, "2026-02-03_10-00-00_github_1"));
        Link(elsewhere, "/mnt/volume/tasks/2026-02-03_10-00-00_github_1/");

        Assert.That((await TextAsync(here, "metadata"), await TextAsync(elsewhere, "metadata")), Is.EqualTo(("""{"n":1}""", """{"n":1}""")));
    }

    [Test]
    public async Task Nothing_outside_of_the_folder_can_be_read()
    {
        var secret = Path.Combine(Root, "secret");
        Directory.CreateDirectory(secret);
        foreach (var name in new[] { "metadata.json", "01-input.json", "06-final-result.json" })
        {
            File.WriteAllText(Path.Combine(secret, name), """{"secret":1}""");
        }

        foreach (var name in new[] { "04-agent-output.jsonl", "03-webhook-flow.jsonl" })
        {
            File.WriteAllText(Path.Combine(secret, name), "{\"secret\":1}\n");
        }

        var (byLink, byFolder, byFile, dots) = (NewTaskId(), NewTaskId(), NewTaskId(), NewTaskId());
        Link(byLink, secret);
        Directory.CreateSymbolicLink(Path.Combine(Logs, byFolder), secret);
        Directory.CreateDirectory(Path.Combine(Logs, byFile));
        File.CreateSymbolicLink(Path.Combine(Logs, byFile, "metadata.json"), Path.Combine(secret, "metadata.json"));
        File.CreateSymbolicLink(Path.Combine(Logs, byFile, "04-agent-output.jsonl"), Path.Combine(secret, "04-agent-output.jsonl"));
        Link(dots, Path.Combine(secret, ".."));
        File.WriteAllText(Path.Combine(Logs, "metadata.json"), """{"secret":1}""");
        File.WriteAllText(Path.Combine(Logs, ".by-id", "metadata.json"), """{"secret":1}""");

        foreach (var id in new[] { byLink, byFolder, byFile, dots, "..%2Fsecret", "%2e%2e", ".by-id", "...", "a%2F..%2F..%2Fsecret", "x%00", new string('a', 300) })
        {
            foreach (var part in Parts)
            {
                using var response = await GetRawAsync($"/api/tasks/{id}/logs/{part}");
                var text = await response.Content.ReadAsStringAsync();
                Assert.That(text, Does.Not.Contain("\"secret\"").And.Not.Contain(Root), $"{id} {part}");
                Assert.That(response.StatusCode, Is.AnyOf(HttpStatusCode.NotFound, HttpStatusCode.OK, HttpStatusCode.BadRequest), $"{id} {part}: {text}");
            }
        }
    }

    [Test]
    public async Task What_nobody_knows_is_not_found_and_says_no_path()
    {
        foreach (var (part, detail) in new[]
        {
            ("metadata", "Task logs not found"), ("input", "Task input log not found"), ("webhook-flow", "Webhook flow log not found"),
            ("agent-output", "Agent output log not found"), ("final-result", "Final result log not found"), ("full", "Task logs not found"),
        })
        {
            Assert.That((await GetAsync($"/api/tasks/task-none/logs/{part}", HttpStatusCode.NotFound)).Text("detail"), Is.EqualTo(detail));
        }

        Assert.That((await TextAsync("task-none", "user-inputs"), await TextAsync("task-none", "knowledge-interactions")), Is.EqualTo(("[]", "[]")));
        Assert.That((await GetAsync("/api/tasks/task-none/logs", HttpStatusCode.NotFound)).Text("detail"), Is.EqualTo("Task not found"));
    }

    [Test]
    public async Task Without_files_the_store_says_the_same()
    {
        var id = await RegisterAsync(source: "jira");
        await PatchAsync($"/api/tasks/{id}", new { status = "running" });
        await PublishAsync($"task:{id}:output", """{"output":"thinking about it","kind":"thinking"}""");
        await PublishAsync($"task:{id}:output", """{"output":"Bash","kind":"tool_call","data":{"name":"Bash","input":{"command":"ls"}}}""");
        await PublishAsync($"task:{id}:output", """{"output":"no","kind":"tool_result","data":{"name":"Bash","is_error":true}}""");
        await PublishAsync($"task:{id}:output", "done\n");
        await Probe.Until(async () => (await ReadOutputAsync(id)).Length == 1, "the output is stored");
        await GetAsync($"/api/tasks/{id}/logs/final-result", HttpStatusCode.NotFound);
        await PatchAsync($"/api/tasks/{id}", new { status = "completed", result = "fine", cost_usd = 0.25 });

        var full = await GetAsync($"/api/tasks/{id}/logs/full");
        Assert.Multiple(async () =>
        {
            Assert.That(full.EnumerateObject().Select(part => part.Name), Is.EqualTo(new[] { "metadata", "input", "agent_output", "final_result" }));
            Assert.That(full.GetProperty("metadata").Text("status"), Is.EqualTo("completed"));
            Assert.That(full.GetProperty("metadata").Text("assigned_agent"), Is.EqualTo("brain"));
            Assert.That(full.GetProperty("metadata").GetProperty("cost_usd").GetDecimal(), Is.EqualTo(0.25m));
            Assert.That(full.GetProperty("metadata").Text("created_at"), Does.EndWith("Z"));
            Assert.That(full.GetProperty("input").Text("message"), Is.EqualTo("do it"));
            Assert.That(full.GetProperty("agent_output").EnumerateArray().Select(item => item.Text("type")),
                Is.EqualTo(new[] { "thinking", "tool_call", "tool_result", "output" }));
            Assert.That(full.GetProperty("agent_output")[1].Text("tool_input"), Is.EqualTo("""{"command":"ls"}"""));
            Assert.That(full.GetProperty("agent_output")[2].GetProperty("is_error").GetBoolean(), Is.True);
            Assert.That(full.GetProperty("final_result").Text("result"), Is.EqualTo("fine"));
            Assert.That((await GetAsync($"/api/tasks/{id}/logs/final-result")).Text("result"), Is.EqualTo("fine"));
            await GetAsync($"/api/tasks/{id}/logs/webhook-flow", HttpStatusCode.NotFound);
        });
    }

    [Test]
    public async Task Metadata_without_a_status_gets_the_one_that_the_store_knows()
    {
        var id = await RegisterAsync();
        Write(id, ("metadata.json", """{"task_id":"x","assigned_agent":"coder"}"""));
        await PatchAsync($"/api/tasks/{id}", new { status = "running" });

        Assert.That(await TextAsync(id, "metadata"), Is.EqualTo("""{"task_id":"x","assigned_agent":"coder","status":"running"}"""));
    }

    [TestCase("logs/full")]
    [TestCase("logs/agent-output")]
    [TestCase("knowledge-summary")]
    public async Task Who_asks_again_gets_it_only_when_it_has_changed(string path)
    {
        var id = await RegisterAsync();
        Write(id, ("04-agent-output.jsonl", "{}\n"), ("05-knowledge-interactions.jsonl", "{}\n"));
        await Probe.Until(async () => await Database.QueryAsync<long>($"SELECT count(*) FROM outbox WHERE key = '{id}'") == 0, "its registration is stored");
        var (first, tag) = await AskAsync($"/api/tasks/{id}/{path}", null);
        var (second, _) = await AskAsync($"/api/tasks/{id}/{path}", tag);
        File.AppendAllText(Path.Combine(Logs, id, "04-agent-output.jsonl"), "{}\n");
        var (third, changed) = await AskAsync($"/api/tasks/{id}/{path}", tag);

        Assert.That((first, second, third), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.NotModified, HttpStatusCode.OK)));
        Assert.That(changed, Is.Not.EqualTo(tag));
    }

    [Test]
    public async Task The_output_as_one_text_has_a_version_too_and_never_a_null_that_clients_would_split()
    {
        var id = await RegisterAsync();
        var queued = await GetAsync($"/api/tasks/{id}/logs");
        await Probe.Until(async () => await Database.QueryAsync<long>($"SELECT count(*) FROM outbox WHERE key = '{id}'") == 0, "its registration is stored");
        var (_, tag) = await AskAsync($"/api/tasks/{id}/logs", null);
        var (same, _) = await AskAsync($"/api/tasks/{id}/logs", tag);
        await PatchAsync($"/api/tasks/{id}", new { status = "running" });
        await PublishAsync($"task:{id}:output", "info hello\n");
        await Probe.Until(async () => (await GetAsync($"/api/tasks/{id}/logs")).Text("output") == "info hello\n", "the line is there");
        var (changed, _) = await AskAsync($"/api/tasks/{id}/logs", tag);

        var live = await GetAsync($"/api/tasks/{id}/logs");
        Assert.Multiple(() =>
        {
            Assert.That(queued.EnumerateObject().Select(field => field.Name), Is.SupersetOf(new[] { "task_id", "status", "output", "error", "is_live" }));
            Assert.That((queued.Text("task_id"), queued.Text("status"), queued.Text("output"), queued.GetProperty("is_live").GetBoolean()),
                Is.EqualTo((id, "queued", "", false)));
            Assert.That(live.GetProperty("is_live").GetBoolean(), Is.True);
            Assert.That((same, changed), Is.EqualTo((HttpStatusCode.NotModified, HttpStatusCode.OK)));
        });
    }

    [Test]
    public async Task Output_that_only_the_task_logger_has_is_shown_too()
    {
        var id = await RegisterAsync();
        Write(id, ("04-agent-output.jsonl", "{\"type\":\"output\",\"content\":\"from a file\"}\n{\"content\":7}\n"), ("06-final-result.json", """{"result":"fine\n"}"""));
        await PatchAsync($"/api/tasks/{id}", new { status = "completed" });

        await Probe.Until(async () => (await GetAsync($"/api/tasks/{id}/logs")).Text("output") == "from a file\nfine\n", "the files are read");
    }

    [Test]
    public async Task Knowledge_is_summed_up_and_a_task_that_asked_nothing_has_zeros()
    {
        var (id, quiet) = (NewTaskId(), await RegisterAsync());
        Write(id, ("05-knowledge-interactions.jsonl", string.Join('\n',
            """{"type":"query","tool_name":"knowledge_query","data":{"query":"q","source_types":["github","jira"]}}""",
            """{"type":"result","tool_name":"knowledge_query","data":{"results_count":4,"query_time_ms":12.5,"cached":true}}""",
            """{"type":"query","tool_name":"code_search","source_types":["github"]}""",
            """{"type":"result","tool_name":"code_search","results_count":3,"query_time_ms":7.5,"cached":false}""",
            """{"type":"result","results_count":0,"query_time_ms":1e300,"cached":false}""", "")));

        var summary = await GetAsync($"/api/tasks/{id}/knowledge-summary");
        var none = await GetAsync($"/api/tasks/{quiet}/knowledge-summary");
        Assert.Multiple(() =>
        {
            Assert.That(summary.GetProperty("knowledge_enabled").GetBoolean(), Is.True);
            Assert.That((summary.GetProperty("total_queries").GetInt32(), summary.GetProperty("total_results").GetInt32()), Is.EqualTo((2, 7)));
            Assert.That(summary.GetProperty("tools_used").GetRawText(), Is.EqualTo("""["code_search","knowledge_query"]"""));
            Assert.That(summary.GetProperty("source_types_queried").GetRawText(), Is.EqualTo("""["github","jira"]"""));
            Assert.That(summary.GetProperty("cache_hit_rate").GetDouble(), Is.EqualTo(33.3));
            Assert.That(summary.GetProperty("interactions").GetArrayLength(), Is.EqualTo(5));
            Assert.That(none.GetRawText(), Is.EqualTo(
                $$"""{"task_id":"{{quiet}}","knowledge_enabled":false,"total_queries":0,"total_results":0,"tools_used":[],"source_types_queried":[],"total_query_time_ms":0,"cache_hit_rate":0}"""));
        });
    }

    /// <summary>A file of a quarter of a gigabyte, with a line in it that is longer than anything that is read.</summary>
    [Test]
    public async Task A_large_file_is_streamed_in_little_memory()
    {
        var id = NewTaskId();
        Write(id, ("metadata.json", "{}"));
        const int Lines = 256;
        var line = Encoding.UTF8.GetBytes($"{{\"content\":\"{new string('x', 1 << 20)}\"}}\n");
        await using (var file = File.Create(Path.Combine(Logs, id, "04-agent-output.jsonl")))
        {
            for (var i = 0; i < Lines; i++)
            {
                await file.WriteAsync(line);
                if (i == 0)
                {
                    await file.WriteAsync(Encoding.UTF8.GetBytes($"\"{new string('y', 17 << 20)}\"\n"));
                }
            }
        }

        GC.Collect();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var peak = 0L;
        using var response = await Http.GetAsync($"/api/tasks/{id}/logs/full", HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[1 << 16];
        var (total, since) = (0L, 0L);
        for (int read; (read = await body.ReadAsync(buffer)) > 0;)
        {
            total += read;
            if (total - since > 8 << 20)
            {
                since = total;
                peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true) - before);
            }
        }

        Assert.That(total, Is.EqualTo("""{"metadata":{},"agent_output":[]}""".Length + (Lines * (line.Length - 1L)) + Lines - 1));
        Assert.That(peak, Is.LessThan(100L << 20));
    }

    private static void Write(string folder, params (string Name, string Text)[] files)
    {
        Directory.CreateDirectory(Path.Combine(Logs, folder));
        foreach (var (name, text) in files)
        {
            File.WriteAllText(Path.Combine(Logs, folder, name), text);
        }
    }

    private static void Link(string id, string target) => File.CreateSymbolicLink(Path.Combine(Logs, ".by-id", id), target);

    private Task<string> TextAsync(string id, string part) => Http.GetStringAsync($"/api/tasks/{id}/logs/{part}");

    /// <summary>As it stands: the client's Uri must not tidy up dots itself.</summary>
    private Task<HttpResponseMessage> GetRawAsync(string path) => Http.GetAsync(
        new Uri(Server.Address.GetLeftPart(UriPartial.Authority) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));

    private async Task<(HttpStatusCode Status, string? Tag)> AskAsync(string path, string? known)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (known is not null)
        {
            request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(known));
        }

        using var response = await Http.SendAsync(request);
        return (response.StatusCode, response.Headers.ETag?.ToString());
    }
}
