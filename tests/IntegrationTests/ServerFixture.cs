using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using GrooteDashboard.Testing;
using StackExchange.Redis;

namespace GrooteDashboard.IntegrationTests;

/// <summary>One server, one database and one Redis for a class of tests; every test uses task ids of its own.</summary>
internal abstract class ServerFixture
{
    protected TestDatabase Database { get; private set; } = null!;

    protected RedisServer Redis { get; private set; } = null!;

    protected ConnectionMultiplexer Producer { get; private set; } = null!;

    protected DashboardServer Server { get; private set; } = null!;

    protected HttpClient Http => Server.Http;

    /// <summary>Settings of this class' server.</summary>
    protected virtual string[] Settings => [];

    [OneTimeSetUp]
    public async Task StartServer()
    {
        Database = await TestDatabase.CreateAsync();
        Redis = await RedisServer.StartNewAsync();
        Producer = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{Redis.Port},abortConnect=false,syncTimeout=5000");
        Server = await DashboardServer.StartAsync(Database, Redis.ConnectionString, Settings);
    }

    [OneTimeTearDown]
    public async Task StopServer()
    {
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }

        Producer?.Dispose();
        await Redis.DisposeAsync();
        await Database.DisposeAsync();
    }

    protected static string NewTaskId(string prefix = "task") => $"{prefix}-{Guid.NewGuid():N}"[..20];

    protected static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    protected async Task<JsonElement> GetAsync(string path, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var response = await Http.GetAsync(path);
        return await ReadAsync(response, expected);
    }

    protected async Task<JsonElement> PostAsync(string path, object body, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var response = await Http.PostAsJsonAsync(path, body);
        return await ReadAsync(response, expected);
    }

    protected async Task<JsonElement> PatchAsync(string path, object body, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var response = await Http.PatchAsJsonAsync(path, body);
        return await ReadAsync(response, expected);
    }

    protected async Task<string> RegisterAsync(string? taskId = null, string source = "github", string agent = "brain")
    {
        taskId ??= NewTaskId();
        await PostAsync("/api/tasks", new { task_id = taskId, source, input_message = "do it", assigned_agent = agent });
        return taskId;
    }

    protected Task PublishAsync(string channel, string payload) =>
        Producer.GetSubscriber().PublishAsync(new RedisChannel(channel, RedisChannel.PatternMode.Literal), payload);

    protected Task AddEventAsync(string type, string taskId, object data) => Producer.GetDatabase().ExecuteAsync(
        "XADD", "task_events", "*", "type", type, "task_id", taskId, "timestamp", DateTimeOffset.UtcNow.ToString("O"),
        "data", JsonSerializer.Serialize(data));

    /// <summary>The whole log, page by page; empty where the task does not exist (yet).</summary>
    protected async Task<List<JsonElement>> ReadLogAsync(string taskId, string query = "")
    {
        var entries = new List<JsonElement>();
        JsonElement page;
        do
        {
            var after = entries.Count == 0 ? 0 : entries[^1].GetProperty("offset").GetInt64();
            using var response = await Http.GetAsync($"/api/tasks/{Uri.EscapeDataString(taskId)}/log?limit=5000&after={after}{query}");
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return entries;
            }

            page = await ReadAsync(response, HttpStatusCode.OK);
            entries.AddRange(page.GetProperty("entries").EnumerateArray());
        }
        while (page.GetProperty("has_more").GetBoolean());
        return entries;
    }

    /// <summary>The log as soon as it holds so many entries: a change is published first and stored a moment later.</summary>
    protected async Task<List<JsonElement>> ReadLogAsync(string taskId, int count)
    {
        List<JsonElement> log = [];
        await Probe.Until(async () => (log = await ReadLogAsync(taskId)).Count >= count, $"the log of {taskId} holds {count} entries");
        return log;
    }

    /// <summary>Texts of the log's entries of one kind.</summary>
    protected async Task<string[]> ReadOutputAsync(string taskId, string kind = "output") =>
        [.. (await ReadLogAsync(taskId, $"&kinds={kind}")).Select(entry => entry.GetProperty("output").GetString()!)];

    protected async Task<string> StatusOfAsync(string taskId) => (await GetAsync($"/api/tasks/{taskId}")).GetProperty("status").GetString()!;

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response, HttpStatusCode expected)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.That(response.StatusCode, Is.EqualTo(expected), text);
        return JsonElement.Parse(text);
    }
}
