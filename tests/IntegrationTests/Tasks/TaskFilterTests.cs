using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Application.Tasks.Search;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Infrastructure.Persistence;
using GrooteDashboard.Infrastructure.Persistence.Readers;
using GrooteDashboard.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace GrooteDashboard.IntegrationTests.Tasks;

/// <summary>Every filter, wherever tasks are filtered: the list, its count, the export and the search.</summary>
[TestFixture]
internal sealed class TaskFilterTests : ServerFixture
{
    private const string Jira = "filter-jira";
    private const string Github = "filter-github";
    private const string Unknown = "filter-unknown";

    private static readonly string[] Ids = [Unknown, Github, Jira];
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Each member by itself, and the tasks that are left, newest first.</summary>
    private static readonly (string Member, TaskFilter Filter, string[] Expected)[] Members =
    [
        (nameof(TaskFilter.Statuses), new() { Statuses = [AgentTaskStatus.Completed] }, [Jira]),
        (nameof(TaskFilter.Agents), new() { Agents = ["brain"] }, [Jira]),
        (nameof(TaskFilter.AgentType), new() { AgentType = "review" }, [Jira]),
        (nameof(TaskFilter.Source), new() { Source = "jira" }, [Jira]),
        (nameof(TaskFilter.SessionId), new() { SessionId = "session-filter" }, [Jira]),
        (nameof(TaskFilter.ConversationId), new() { ConversationId = "conv-1" }, [Jira]),
        (nameof(TaskFilter.FlowId), new() { FlowId = "jira:K-1" }, [Jira]),
        (nameof(TaskFilter.ParentTaskId), new() { ParentTaskId = "parent-1" }, [Jira]),
        (nameof(TaskFilter.Text), new() { Text = @" 100%_\Sure " }, [Jira]),
        (nameof(TaskFilter.From), new() { From = Noon.AddHours(1) }, [Unknown, Github]),
        (nameof(TaskFilter.To), new() { To = Noon.AddHours(1) }, [Jira]),
        (nameof(TaskFilter.CostMin), new() { CostMin = 0.5m }, [Github, Jira]),
        (nameof(TaskFilter.CostMax), new() { CostMax = 0.5m }, [Unknown, Jira]),
        (nameof(TaskFilter.DurationMin), new() { DurationMin = 10 }, [Github, Jira]),
        (nameof(TaskFilter.DurationMax), new() { DurationMax = 10 }, [Jira]),
    ];

    private static readonly TaskFilter All = new()
    {
        Statuses = [AgentTaskStatus.Completed, AgentTaskStatus.Failed],
        Agents = ["brain", "executor"],
        AgentType = "review",
        Source = "jira",
        SessionId = "session-filter",
        ConversationId = "conv-1",
        FlowId = "jira:K-1",
        ParentTaskId = "parent-1",
        Text = "sure",
        From = Noon,
        To = Noon.AddHours(1),
        CostMin = 0.5m,
        CostMax = 0.5m,
        DurationMin = 10,
        DurationMax = 10,
    };

    private static IEnumerable<TestCaseData> Filters =>
    [
        .. Members.Select(member => new TestCaseData(member.Filter, member.Expected).SetArgDisplayNames(member.Member)),
        new TestCaseData(new TaskFilter(), Ids).SetArgDisplayNames("none"),
        new TestCaseData(new TaskFilter { Text = " " }, Ids).SetArgDisplayNames("an empty text"),
        new TestCaseData(new TaskFilter { Statuses = [AgentTaskStatus.Completed, AgentTaskStatus.Failed] }, new[] { Github, Jira }).SetArgDisplayNames("several statuses"),
        new TestCaseData(new TaskFilter { Agents = ["brain", "nobody", "executor"] }, new[] { Github, Jira }).SetArgDisplayNames("several agents"),
        new TestCaseData(All, new[] { Jira }).SetArgDisplayNames("all of them"),
    ];

    [OneTimeSetUp]
    public async Task SeedTasks()
    {
        foreach (var id in Ids)
        {
            await PostAsync("/api/tasks", new { task_id = id, source = "github", input_message = id == Jira ? @"find it 100%_\SURE" : "find it 1000 sure" });
        }

        await Database.QueryAsync<string>("INSERT INTO sessions VALUES ('session-filter', 'user', 'm', now(), NULL, true) RETURNING session_id");
        await Database.QueryAsync<long>(
            $"""
            WITH jira AS (
                UPDATE tasks SET status = 'completed', assigned_agent = 'brain', agent_type = 'review', source = 'jira', session_id = 'session-filter', conversation_id = 'conv-1',
                    flow_id = 'jira:K-1', parent_task_id = 'parent-1', created_at = '{Noon:O}', cost_usd = 0.5, duration_seconds = 10
                WHERE task_id = '{Jira}' RETURNING 1),
            github AS (
                UPDATE tasks SET status = 'failed', assigned_agent = 'executor', conversation_id = 'conv-2', flow_id = 'github:1', parent_task_id = 'parent-2',
                    created_at = '{Noon.AddHours(1):O}', cost_usd = 1, duration_seconds = 20
                WHERE task_id = '{Github}' RETURNING 1),
            nobody AS (
                UPDATE tasks SET assigned_agent = NULL, flow_id = NULL, created_at = '{Noon.AddHours(2):O}' WHERE task_id = '{Unknown}' RETURNING 1)
            SELECT (SELECT count(*) FROM jira) + (SELECT count(*) FROM github) + (SELECT count(*) FROM nobody)
            """);
        await Probe.Until(async () => (await SearchAsync("find", new TaskFilter())).Length == Ids.Length, "the tasks are indexed");
    }

    [Test]
    public void Every_member_of_the_filter_is_tried() => Assert.That(
        Members.Select(member => member.Member), Is.EquivalentTo(typeof(TaskFilter).GetProperties().Where(property => property.CanWrite).Select(property => property.Name)));

    [TestCaseSource(nameof(Filters))]
    public async Task Lists_counts_exports_and_searches_have_the_same_tasks(TaskFilter filter, string[] expected)
    {
        await using var scope = Server.Services.CreateAsyncScope();
        var tasks = scope.ServiceProvider.GetRequiredService<ITaskReader>();
        var export = scope.ServiceProvider.GetRequiredService<ITaskExportReader>();
        var list = await tasks.ListAsync(filter, TaskOrder.NewestFirst, after: null, skip: 0, 10, default);
        var rest = await tasks.ListAsync(filter, TaskOrder.NewestFirst, after: null, skip: 1, 10, default);
        var oldest = new TaskCursor(TaskOrder.NewestFirst.Reverse(), DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, "a");
        var upwards = await tasks.ListAsync(filter, oldest.Order, oldest, skip: 0, 10, default);
        var exported = await export.ReadAsync(filter, default).Select(task => task.TaskId).ToListAsync();
        var count = await tasks.CountAsync(filter, default);
        var (words, written) = (await SearchAsync("find", filter), await SearchAsync("\"find it\"", filter));

        Assert.Multiple(() =>
        {
            Assert.That(list.Select(task => task.TaskId), Is.EqualTo(expected));
            Assert.That(rest.Select(task => task.TaskId), Is.EqualTo(expected.Skip(1)), "without the first");
            Assert.That(upwards.Select(task => task.TaskId), Is.EqualTo(expected.Reverse()), "from a cursor");
            Assert.That(exported, Is.EqualTo(expected), "the export");
            Assert.That(count, Is.EqualTo(expected.Length));
            Assert.That(words, Is.EquivalentTo(expected), "the search for a word");
            Assert.That(written, Is.EquivalentTo(expected), "the search for words as written");
        });
    }

    [Test]
    public void A_list_that_one_index_serves_for_all_values_is_planned_once()
    {
        var times = new TaskFilter { From = Noon, To = Noon.AddDays(1) };
        var agent = new TaskFilter { Agents = ["brain"] };
        var cursor = new TaskCursor(TaskOrder.NewestFirst, Noon, Noon, Jira);
        var byCost = new TaskOrder(TaskSortKey.Cost, Descending: true);
        bool IsPlannedOnce(TaskFilter filter, TaskOrder? order = null, TaskCursor? after = null, int skip = 0) =>
            TaskLists.Of("task_id", filter, order ?? TaskOrder.NewestFirst, after, skip, 20).HasOnePlan;

        Assert.Multiple(() =>
        {
            Assert.That(
                new[] { IsPlannedOnce(new TaskFilter()), IsPlannedOnce(times), IsPlannedOnce(times, after: cursor), IsPlannedOnce(agent), IsPlannedOnce(new TaskFilter(), byCost) },
                Is.All.True);
            Assert.That(
                new[]
                {
                    IsPlannedOnce(agent, after: cursor), IsPlannedOnce(agent with { From = Noon }), IsPlannedOnce(agent with { Source = "jira" }), IsPlannedOnce(agent, byCost),
                    IsPlannedOnce(times, byCost), IsPlannedOnce(new TaskFilter { Agents = ["a", "b"] }), IsPlannedOnce(new TaskFilter { CostMin = 1 }),
                    IsPlannedOnce(new TaskFilter { Text = "needle" }), IsPlannedOnce(new TaskFilter(), skip: 20),
                },
                Is.All.False);
        });
    }

    [TestCase(PlainReads.PlannedOnce, "force_generic_plan")]
    [TestCase(PlainReads.PlannedForValues, "force_custom_plan")]
    public async Task Plans_are_made_as_the_pool_says(string pool, string expected)
    {
        var source = Server.Services.GetRequiredKeyedService<NpgsqlDataSource>(pool);
        await using var command = source.CreateCommand("SHOW plan_cache_mode");
        Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo(expected));
    }

    private async Task<string[]> SearchAsync(string text, TaskFilter filter)
    {
        await using var scope = Server.Services.CreateAsyncScope();
        var found = await scope.ServiceProvider.GetRequiredService<ITaskSearch>().FindAsync(SearchExpression.Parse(text, out _)!, [], filter, before: null, 10, default);
        return [.. found.Items.Select(hit => hit.TaskId)];
    }
}
