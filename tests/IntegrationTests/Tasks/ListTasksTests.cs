using System.Net;
using System.Text.Json;

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
    [TestCase("status=in_progress", 3)]
    [TestCase("agent=executor", 12)]
    [TestCase("agent=executor&status=running", 1)]
    [TestCase("agent=nobody", 0)]
    [TestCase("status=&agent=&date=&page=&per_page=", 25)]
    [TestCase("date=2001-01-01", 0)]
    [TestCase("date_from=2001-01-01", 25)]
    [TestCase("date_to=2001-01-01", 0)]
    public async Task Filters_combine_and_empty_ones_mean_no_filter(string query, int expected) =>
        Assert.That((await GetAsync($"/api/tasks?{query}")).GetProperty("total").GetInt32(), Is.EqualTo(expected));

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
    public async Task Bad_queries_are_refused_with_the_name_of_the_field(string query, string field)
    {
        var problem = await GetAsync($"/api/tasks?{query}", HttpStatusCode.UnprocessableEntity);

        Assert.That(problem.GetProperty("errors").TryGetProperty(field, out _), Is.True, problem.GetRawText());
    }

    [Test]
    public async Task The_same_routes_are_served_below_v1() =>
        Assert.That((await GetAsync("/api/v1/tasks?per_page=1")).GetProperty("total").GetInt32(), Is.EqualTo(25));

    [Test]
    public async Task Agents_are_those_that_are_configured_and_those_that_tasks_show()
    {
        var names = (await GetAsync("/api/agents")).EnumerateArray().Select(agent => agent.GetProperty("name").GetString()).ToList();

        Assert.That(names, Does.Contain("brain").And.Contains("executor"));
        Assert.That(names, Is.Unique);
    }

    private static IEnumerable<string?> Ids(JsonElement page) =>
        page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("task_id").GetString());
}
