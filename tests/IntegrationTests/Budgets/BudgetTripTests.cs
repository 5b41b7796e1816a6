using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using GrooteDashboard.Application.Budgets.Commands;
using GrooteDashboard.Testing;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace GrooteDashboard.IntegrationTests.Budgets;

[TestFixture]
internal sealed class BudgetTripTests : BudgetFixture
{
    [Test]
    public async Task Every_threshold_is_recorded_and_told()
    {
        var agent = NewAgent();
        await using var client = await Server.WatchAsync();
        await client.SubscribeAsync("system");
        var id = await SetBudgetAsync(agent, 10, thresholds: [50, 80]);
        await SpendAsync(agent, 5);
        var first = (await client.CollectUntilAsync(frame => IsTripOf(frame, id)))[^1];
        await UntilTrippedAsync(id);
        await SpendAsync(agent, 6);
        await UntilTrippedAsync(id, 3);
        var rest = await client.CollectUntilAsync(frame => IsTripOf(frame, id) && frame.GetProperty("data").GetProperty("threshold").GetInt32() == 100);

        var page = await GetAsync($"/api/budgets/{id}/trips?limit=2");
        var older = await GetAsync($"/api/budgets/{id}/trips?limit=2&before={page.GetProperty("next").GetInt64()}");
        var trips = page.GetProperty("items").EnumerateArray().Concat(older.GetProperty("items").EnumerateArray()).ToList();
        Assert.Multiple(() =>
        {
            Assert.That(
                trips.Select(trip => (trip.GetProperty("threshold").GetInt32(), trip.GetProperty("spent_usd").GetDecimal(), trip.GetProperty("amount_usd").GetDecimal())),
                Is.EquivalentTo(new[] { (50, 5m, 10m), (80, 11m, 10m), (100, 11m, 10m) }));
            Assert.That(trips.Select(trip => trip.GetProperty("trip_id").GetInt64()), Is.Ordered.Descending);
            Assert.That(older.GetProperty("next").ValueKind, Is.EqualTo(JsonValueKind.Null));
            // What is told is what is recorded.
            Assert.That(first.Text("channel"), Is.EqualTo("system"));
            Assert.That(
                rest.Where(frame => IsTripOf(frame, id)).Prepend(first).Select(frame => frame.GetProperty("data").GetRawText()), Is.EquivalentTo(trips.Select(trip => trip.GetRawText())));
        });
        var health = (await GetAsync("/api/health")).GetProperty("budgets");
        Assert.That(health.Text("status"), Is.EqualTo("watching"));
        Assert.That(health.GetProperty("trips").GetInt64(), Is.GreaterThanOrEqualTo(3));
    }

    /// <summary>Of several processes one holds the lease; should two of them look at once all the same, each threshold is recorded once.</summary>
    [Test]
    public async Task Several_that_look_at_once_record_each_threshold_once()
    {
        await using var second = await DashboardServer.StartAsync(Database, Redis.ConnectionString);
        var agents = Enumerable.Range(0, 8).Select(_ => NewAgent()).ToList();
        var budgets = new List<string>();
        foreach (var agent in agents)
        {
            budgets.Add(await SetBudgetAsync(agent, 1, thresholds: [10, 20, 30, 40]));
        }

        var spending = Task.WhenAll(agents.Select(agent => SpendAsync(agent, 2)));
        var recorded = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(async () =>
        {
            var count = 0;
            for (var round = 0; round < 10 || !spending.IsCompleted; round++)
            {
                await using var scope = (i % 2 == 0 ? Server : second).Services.CreateAsyncScope();
                count += (await scope.ServiceProvider.GetRequiredService<IMediator>().Send(new RecordTripsCommand())).Count;
            }

            return count;
        })));
        await spending;
        foreach (var id in budgets)
        {
            await UntilTrippedAsync(id, 5);
        }

        var names = string.Join(',', budgets.Select(id => $"'{id}'"));
        Assert.That(await Database.QueryAsync<long>($"SELECT count(*) FROM budget_trips WHERE budget_id IN ({names})"), Is.EqualTo(8 * 5));
        Assert.That(await Database.QueryAsync<long>($"SELECT count(DISTINCT (budget_id, period_start, threshold)) FROM budget_trips WHERE budget_id IN ({names})"), Is.EqualTo(8 * 5));
        Assert.That(recorded.Sum(), Is.LessThanOrEqualTo(8 * 5), "nobody says that it recorded what another one did");
    }

    [Test]
    public async Task A_trip_is_told_on_every_instance()
    {
        await using var second = await DashboardServer.StartAsync(Database, Redis.ConnectionString);
        await using var here = await Server.WatchAsync();
        await using var there = await second.WatchAsync();
        await here.SubscribeAsync("system");
        await there.SubscribeAsync("system");
        var agent = NewAgent();
        // Both have begun to look.
        var before = await SetBudgetAsync(NewAgent(), 1);
        await Probe.Until(async () => (await second.Http.GetFromJsonAsync<JsonElement>("/api/health")).GetProperty("budgets").Text("status") == "waiting", "one watches");
        var id = await SetBudgetAsync(agent, 1);
        await SpendAsync(agent, 1);

        await here.CollectUntilAsync(frame => IsTripOf(frame, id));
        await there.CollectUntilAsync(frame => IsTripOf(frame, id));
        Assert.That(await TripsOfAsync(before), Is.Zero);
    }

    [Test]
    public async Task Watching_goes_on_after_PostgreSQL_has_cut_everybody_off()
    {
        var agent = NewAgent();
        var id = await SetBudgetAsync(agent, 10, thresholds: [50]);
        var task = await RegisterAsync(agent: agent);
        await Database.QueryAsync<long>("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        // The first to use a connection that was cut off is told so.
        await Probe.Until(async () => (await Http.PatchAsJsonAsync($"/api/tasks/{task}", new { status = "completed", cost_usd = 5 })).IsSuccessStatusCode, "reports are taken again");

        await UntilTrippedAsync(id);
        await Probe.Until(async () => (await GetAsync("/api/health")).GetProperty("budgets").Text("status") == "watching", "it watches again");
    }

    [Test]
    public async Task What_is_deleted_is_gone_with_its_trips()
    {
        var agent = NewAgent();
        var id = await SetBudgetAsync(agent, 1);
        await SpendAsync(agent, 1);
        await UntilTrippedAsync(id);
        using var response = await Http.DeleteAsync($"/api/budgets/{id}");

        Assert.That((response.StatusCode, await TripsOfAsync(id)), Is.EqualTo((HttpStatusCode.OK, 0L)));
    }

    private static bool IsTripOf(JsonElement frame, string budgetId) =>
        frame.Type() == "budget_trip" && frame.GetProperty("data").Text("budget_id") == budgetId;
}
