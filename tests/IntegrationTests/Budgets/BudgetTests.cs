using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Budgets;

[TestFixture]
internal sealed class BudgetTests : BudgetFixture
{
    [Test]
    public async Task A_budget_is_set_read_changed_and_deleted()
    {
        var agent = NewAgent();
        var set = await PostAsync("/api/budgets", new
        {
            name = "  Team  ", amount_usd = 50.50m, period = "week", zone = "Europe/Berlin", scope = "agent", scope_value = agent, thresholds = new[] { 90, 10 }, action = "block_chat",
        });
        var id = set.Text("budget_id")!;
        var read = await GetAsync($"/api/budgets/{id}");
        Assert.Multiple(() =>
        {
            Assert.That(id, Does.StartWith("budget-"));
            Assert.That(
                (read.Text("name"), read.GetProperty("amount_usd").GetRawText(), read.Text("period"), read.Text("zone"), read.Text("scope"), read.Text("scope_value"), read.Text("action")),
                Is.EqualTo(("Team", "50.5", "week", "Europe/Berlin", "agent", agent, "block_chat")));
            Assert.That(read.GetProperty("thresholds").GetRawText(), Is.EqualTo("[10,90]"));
            Assert.That((read.GetProperty("spent_usd").GetDecimal(), read.GetProperty("percent").GetDecimal(), read.Text("status")), Is.EqualTo((0m, 0m, "ok")));
            Assert.That(read.GetProperty("forecast").ValueKind, Is.EqualTo(JsonValueKind.Null));
            Assert.That(read.GetProperty("to").GetDateTimeOffset() - read.GetProperty("from").GetDateTimeOffset(), Is.EqualTo(TimeSpan.FromDays(7)).Within(TimeSpan.FromHours(1)));
            // What was answered at once is what is read.
            Assert.That(set.EnumerateObject().Select(field => (field.Name, field.Value.GetRawText())), Is.SubsetOf(read.EnumerateObject().Select(field => (field.Name, field.Value.GetRawText()))));
        });

        using (var response = await Http.PutAsJsonAsync($"/api/budgets/{id}", new { name = "All of us", amount_usd = 7, period = "day" }))
        {
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }

        read = (await GetAsync("/api/budgets?limit=100")).GetProperty("items").EnumerateArray().Single(budget => budget.Text("budget_id") == id);
        Assert.That(
            (read.Text("name"), read.GetProperty("amount_usd").GetDecimal(), read.Text("period"), read.Text("zone"), read.Text("scope"), read.Text("action"), read.GetProperty("thresholds").GetRawText()),
            Is.EqualTo(("All of us", 7m, "day", "UTC", "everything", "notify", "[50,80]")));

        using (var response = await Http.DeleteAsync($"/api/budgets/{id}"))
        {
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }

        await GetAsync($"/api/budgets/{id}", HttpStatusCode.NotFound);
        await GetAsync($"/api/budgets/{id}/trips", HttpStatusCode.NotFound);
        using var gone = await Http.DeleteAsync($"/api/budgets/{id}");
        using var changed = await Http.PutAsJsonAsync($"/api/budgets/{id}", new { name = "x", amount_usd = 7, period = "day" });
        Assert.That((gone.StatusCode, changed.StatusCode), Is.EqualTo((HttpStatusCode.NotFound, HttpStatusCode.NotFound)));
    }

    [TestCase("""{"amount_usd":1,"period":"day"}""", "name")]
    [TestCase("""{"name":"a","period":"day"}""", "amount_usd")]
    [TestCase("""{"name":"a","amount_usd":0,"period":"day"}""", "amount_usd")]
    [TestCase("""{"name":"a","amount_usd":-5,"period":"day"}""", "amount_usd")]
    [TestCase("""{"name":"a","amount_usd":1e20,"period":"day"}""", "amount_usd")]
    [TestCase("""{"name":"a","amount_usd":1e400,"period":"day"}""", "amount_usd")]
    [TestCase("""{"name":"a","amount_usd":"NaN","period":"day"}""", "amount_usd")]
    [TestCase("""{"name":"a","amount_usd":1}""", "period")]
    [TestCase("""{"name":"a","amount_usd":1,"period":"year"}""", "period")]
    [TestCase("""{"name":"a","amount_usd":1,"period":"day","zone":"Mars/Base"}""", "zone")]
    [TestCase("""{"name":"a","amount_usd":1,"period":"day","zone":"../etc/passwd"}""", "zone")]
    [TestCase("""{"name":"a","amount_usd":1,"period":"day","scope":"user"}""", "scope")]
    [TestCase("""{"name":"a","amount_usd":1,"period":"day","scope":"agent"}""", "scope_value")]
    [TestCase("""{"name":"a","amount_usd":1,"period":"day","thresholds":[0]}""", "thresholds")]
    [TestCase("""{"name":"a","amount_usd":1,"period":"day","thresholds":[1,2,3,4,5,6]}""", "thresholds")]
    [TestCase("""{"name":"a","amount_usd":1,"period":"day","action":"kill"}""", "action")]
    [TestCase("""{"name":"a","amount_usd":1,"period":"day","scope":"source","scope_value":"github","action":"block_chat"}""", "action")]
    public async Task Terms_that_cannot_be_kept_are_refused_by_name(string body, string field)
    {
        var before = await Database.QueryAsync<long>("SELECT count(*) FROM budgets");
        using var response = await Http.PostAsync("/api/budgets", Json(body));
        var text = await response.Content.ReadAsStringAsync();

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.UnprocessableEntity), text);
        Assert.That(JsonElement.Parse(text).GetProperty("errors").TryGetProperty(field, out _), Is.True, text);
        Assert.That(await Database.QueryAsync<long>("SELECT count(*) FROM budgets"), Is.EqualTo(before));
    }

    [TestCase("/api/budgets?limit=0")]
    [TestCase("/api/budgets?limit=101")]
    [TestCase("/api/budgets?offset=-1")]
    [TestCase("/api/budgets/budget-none/trips?limit=201")]
    [TestCase("/api/budgets/budget-none/trips?before=x")]
    public Task Parts_out_of_bounds_are_refused(string path) => GetAsync(path, HttpStatusCode.UnprocessableEntity);

    [Test]
    public async Task What_is_spent_is_what_the_tasks_come_to()
    {
        var (one, other, source) = (NewAgent(), NewAgent(), NewAgent());
        string[] periods = ["day", "week", "month"];
        string[] zones = ["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"];
        var budgets = new List<string>();
        foreach (var period in periods)
        {
            foreach (var zone in zones)
            {
                foreach (var (scope, value) in new[] { ("everything", null), ("agent", one), ("agent", other), ("source", source) })
                {
                    var set = await PostAsync("/api/budgets", new { name = "spent", amount_usd = 1_000_000, period, zone, scope, scope_value = value });
                    budgets.Add(set.Text("budget_id")!);
                }
            }
        }

        // Over the last five weeks, most of them around the beginnings of periods; one that is corrected, and one that is deleted.
        var random = new Random(20261120);
        for (var i = 0; i < 60; i++)
        {
            var agent = i % 2 == 0 ? one : other;
            var taskId = await SpendAsync(agent, Math.Round((decimal)random.NextDouble(), 6), i % 3 == 0 ? source : "github");
            var hours = i % 4 == 0 ? random.NextDouble() * 24 * 35 : random.Next(0, 35) * 24 + random.NextDouble();
            await Database.QueryAsync<object>(string.Create(
                CultureInfo.InvariantCulture, $"UPDATE tasks SET created_at = created_at - interval '1 hour' * {hours} WHERE task_id = '{taskId}' RETURNING 1"));
        }

        await Database.QueryAsync<object>($"UPDATE tasks SET cost_usd = 6.125 WHERE task_id = '{await SpendAsync(one, 5)}' RETURNING 1");
        await Database.QueryAsync<object>($"DELETE FROM tasks WHERE task_id = '{await SpendAsync(other, 7)}' RETURNING 1");

        var states = (await GetAsync("/api/budgets")).GetProperty("items").EnumerateArray().Where(budget => budgets.Contains(budget.Text("budget_id")!)).ToList();
        Assert.That(states, Has.Count.EqualTo(budgets.Count));
        foreach (var state in states)
        {
            var (period, zone) = (state.Text("period"), state.Text("zone"));
            var where = state.Text("scope") switch { "agent" => $"assigned_agent = '{state.Text("scope_value")}'", "source" => $"source = '{state.Text("scope_value")}'", _ => "true" };
            var start = $"date_trunc('{period}', now() AT TIME ZONE '{zone}')";
            var expected = await Database.QueryAsync<decimal>(
                $"""
                SELECT coalesce(sum(cost_usd), 0) FROM tasks
                WHERE {where} AND created_at >= {start} AT TIME ZONE '{zone}' AND created_at < ({start} + interval '1 {period}') AT TIME ZONE '{zone}'
                """);
            var from = new DateTimeOffset(await Database.QueryAsync<DateTime>($"SELECT {start} AT TIME ZONE '{zone}'"));
            Assert.That((state.GetProperty("spent_usd").GetDecimal(), state.GetProperty("from").GetDateTimeOffset()), Is.EqualTo((expected, from)), state.GetRawText());
            Forecast(state, expected);
        }

        foreach (var id in budgets)
        {
            (await Http.DeleteAsync($"/api/budgets/{id}")).Dispose();
        }
    }

    [Test]
    public async Task How_it_stands_goes_from_ok_to_exceeded_and_back_when_the_amount_is_raised()
    {
        var agent = NewAgent();
        var id = await SetBudgetAsync(agent, 10, thresholds: [50]);
        await SpendAsync(agent, 4.999999m);
        Assert.That((await GetAsync($"/api/budgets/{id}")).Text("status"), Is.EqualTo("ok"));
        await SpendAsync(agent, 0.000001m);
        Assert.That((await GetAsync($"/api/budgets/{id}")).Text("status"), Is.EqualTo("warning"));
        await SpendAsync(agent, 5);
        var state = await GetAsync($"/api/budgets/{id}");
        Assert.That((state.Text("status"), state.GetProperty("percent").GetDecimal()), Is.EqualTo(("exceeded", 100m)));
        using var response = await Http.PutAsJsonAsync($"/api/budgets/{id}", new { name = "x", amount_usd = 100, period = "month", scope = "agent", scope_value = agent });
        Assert.That((await GetAsync($"/api/budgets/{id}")).Text("status"), Is.EqualTo("ok"));
    }

    /// <summary>Linear, by the part of the period that has passed; none in its first hundredth.</summary>
    private static void Forecast(JsonElement state, decimal spent)
    {
        var (from, to) = (state.GetProperty("from").GetDateTimeOffset(), state.GetProperty("to").GetDateTimeOffset());
        var share = (DateTimeOffset.UtcNow - from) / (to - from);
        var forecast = state.GetProperty("forecast");
        if (forecast.ValueKind == JsonValueKind.Null)
        {
            Assert.That(spent == 0 || share < 0.011, Is.True, state.GetRawText());
            return;
        }

        Assert.That(forecast.GetProperty("expected_usd").GetDouble(), Is.EqualTo((double)spent / share).Within(2).Percent, state.GetRawText());
        Assert.That(forecast.GetProperty("runs_out_at").ValueKind, Is.EqualTo(JsonValueKind.Null), "a million is much");
    }
}
