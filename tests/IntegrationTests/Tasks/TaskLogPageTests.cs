using System.Net;
using System.Text.Json;

namespace GrooteDashboard.IntegrationTests.Tasks;

[TestFixture]
internal sealed class TaskLogPageTests : ServerFixture
{
    private const string Id = "paged";

    [OneTimeSetUp]
    public async Task SeedLog()
    {
        // Offset 1 is the start of the task, 2 to 31 its output.
        await PostAsync($"/api/tasks/{Id}/output", new
        {
            chunks = Enumerable.Range(2, 30).Select(i => new { output = $"{i}\n", kind = i % 10 == 0 ? "thinking" : "output" }),
        });
    }

    [TestCase("", 1, 31, false)]
    [TestCase("after=0&limit=10", 1, 10, true)]
    [TestCase("after=10&limit=10", 11, 20, true)]
    [TestCase("after=21&limit=10", 22, 31, false)]
    [TestCase("before=11&limit=5", 6, 10, true)]
    [TestCase("before=6&limit=5", 1, 5, false)]
    [TestCase("tail=3", 29, 31, true)]
    [TestCase("tail=5000", 1, 31, false)]
    public async Task A_part_is_read_by_offset_ascending(string query, long first, long last, bool hasMore)
    {
        var page = await GetAsync($"/api/tasks/{Id}/log?{query}");

        Assert.That(Offsets(page), Is.EqualTo(Enumerable.Range((int)first, (int)(last - first + 1))));
        Assert.That(page.GetProperty("has_more").GetBoolean(), Is.EqualTo(hasMore));
        Assert.That(page.GetProperty("last_offset").GetInt64(), Is.EqualTo(31));
        Assert.That(page.GetProperty("position").GetProperty("offset").GetInt64(), Is.EqualTo(31));
    }

    [Test]
    public async Task Nothing_comes_after_the_end()
    {
        var page = await GetAsync($"/api/tasks/{Id}/log?after=31");

        Assert.That(Offsets(page), Is.Empty);
        Assert.That(page.GetProperty("has_more").GetBoolean(), Is.False);
    }

    [Test]
    public async Task Kinds_filter_the_output() =>
        Assert.That(Offsets(await GetAsync($"/api/tasks/{Id}/log?kinds=thinking")), Is.EqualTo(new[] { 10, 20, 30 }));

    [Test]
    public async Task Logs_and_output_txt_give_kind_output_joined()
    {
        var expected = string.Concat(Enumerable.Range(2, 30).Where(i => i % 10 != 0).Select(i => $"{i}\n"));

        var logs = await GetAsync($"/api/tasks/{Id}/logs");

        Assert.That(logs.GetProperty("output").GetString(), Is.EqualTo(expected));
        Assert.That(logs.GetProperty("is_live").GetBoolean(), Is.True);
        Assert.That(await Http.GetStringAsync($"/api/tasks/{Id}/output.txt"), Is.EqualTo(expected));
        Assert.That((await GetAsync($"/api/tasks/{Id}")).GetProperty("output_stream").GetString(), Is.EqualTo(expected));
    }

    [TestCase("limit=0", "limit")]
    [TestCase("limit=5001", "limit")]
    [TestCase("after=-1", "after")]
    [TestCase("after=1&tail=2", "after")]
    [TestCase("kinds=loud", "kinds")]
    [TestCase("limit=many", "limit")]
    public async Task Bad_ranges_are_refused_with_the_name_of_the_field(string query, string field)
    {
        var problem = await GetAsync($"/api/tasks/{Id}/log?{query}", HttpStatusCode.UnprocessableEntity);

        Assert.That(problem.GetProperty("errors").TryGetProperty(field, out _), Is.True, problem.GetRawText());
    }

    [TestCase("log")]
    [TestCase("logs")]
    [TestCase("output.txt")]
    public Task The_log_of_an_unknown_task_is_not_found(string part) => GetAsync($"/api/tasks/none/{part}", HttpStatusCode.NotFound);

    private static IEnumerable<long> Offsets(JsonElement page) => page.GetProperty("entries").EnumerateArray().Select(entry => entry.GetProperty("offset").GetInt64());
}
