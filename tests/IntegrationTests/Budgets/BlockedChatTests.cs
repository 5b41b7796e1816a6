using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Budgets;

/// <summary>A budget that is spent stops chat, by whatever way it comes.</summary>
[TestFixture]
internal sealed class BlockedChatTests : BudgetFixture
{
    /// <summary>Two seconds are promised; to ask takes a while, too, on a busy machine.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(3);

    [Test]
    public async Task Every_way_is_closed_and_nothing_is_written()
    {
        var agent = NewAgent();
        var conversation = await BeginAsync(agentType: agent);
        var (task, _) = await ChatAsync("before", conversation);
        await PatchAsync($"/api/tasks/{task}", new { status = "completed", cost_usd = 1 });
        var id = await SetBudgetAsync(agent, 1, "block_chat");
        await UntilBlockedAsync(agent);
        var before = await CountsAsync();

        var refusals = new List<JsonElement>
        {
            await PostAsync($"/api/chat?session_id=s&conversation_id={conversation}", new { message = "more" }, HttpStatusCode.Conflict),
            await PostAsync($"/api/chat?session_id=s&agent_type={agent}", new { message = "more" }, HttpStatusCode.Conflict),
            await PostAsync($"/api/tasks/{task}/retry", new { }, HttpStatusCode.Conflict),
        };
        var several = (await PostAsync("/api/tasks/retry", new { task_ids = new[] { task } })).GetProperty("results")[0];
        await using var client = await Server.WatchAsync();
        await client.ReceiveAsync("connected");
        await client.SendAsync(new { type = "message", content = "more", conversation_id = conversation, id = 1 });
        var said = await client.ReceiveAsync("error");
        await client.SendAsync(new { type = "chat.message", message = "more", conversation_id = conversation, id = 2 });
        var saidOnce = await client.ReceiveAsync("error");

        var reset = (await GetAsync($"/api/budgets/{id}")).GetProperty("to").GetDateTimeOffset();
        var sentence = $"The budget “{agent}” of $1 per month is spent. Chat goes on when it begins anew, at {reset:yyyy-MM-dd HH:mm} (UTC).";
        Assert.Multiple(async () =>
        {
            Assert.That(refusals.Select(refusal => (refusal.Text("code"), refusal.Text("detail"))), Has.All.EqualTo(("budget_exceeded", sentence)));
            Assert.That((several.GetProperty("ok").GetBoolean(), several.Text("detail")), Is.EqualTo((false, sentence)));
            Assert.That(new[] { said, saidOnce }.Select(frame => (frame.Text("code"), frame.Text("message"))), Has.All.EqualTo(("budget_exceeded", sentence)));
            Assert.That(await CountsAsync(), Is.EqualTo(before));
        });

        // Others go on; and so does everything when the amount is raised, when it only notifies, and when the budget is gone.
        await ChatAsync("others");
        await ChangeAsync(id, agent, 2, "block_chat");
        await UntilOpenAsync(conversation);
        await ChangeAsync(id, agent, 1, "block_chat");
        await UntilBlockedAsync(agent);
        await ChangeAsync(id, agent, 1, "notify");
        await UntilOpenAsync(conversation);
        await ChangeAsync(id, agent, 1, "block_chat");
        await UntilBlockedAsync(agent);
        (await Http.DeleteAsync($"/api/budgets/{id}")).Dispose();
        await UntilOpenAsync(conversation);
    }

    [Test]
    public async Task It_closes_within_moments_on_every_instance()
    {
        await using var second = await DashboardServer.StartAsync(Database, Redis.ConnectionString);
        var agent = NewAgent();
        await SetBudgetAsync(agent, 1, "block_chat");
        await SpendAsync(agent, 0.5m);
        var conversation = await BeginAsync(agentType: agent);
        await ChatAsync("open", conversation);
        await SpendAsync(agent, 0.5m);
        var spent = Stopwatch.StartNew();

        foreach (var server in new[] { Server, second })
        {
            await Probe.Until(
                async () => (await SayAsync(server, conversation)).StatusCode == HttpStatusCode.Conflict, "chat is closed", Window - spent.Elapsed);
        }
    }

    [Test]
    public async Task An_answer_that_was_lost_is_found_again_though_the_budget_is_spent()
    {
        var agent = NewAgent();
        var conversation = await BeginAsync(agentType: agent);
        var body = new { message = "once", message_id = $"msg-{Guid.NewGuid():N}" };
        var sent = (await PostAsync($"/api/chat?session_id=s&conversation_id={conversation}", body)).GetProperty("data");
        await SpendAsync(agent, 1);
        await SetBudgetAsync(agent, 1, "block_chat");
        await UntilBlockedAsync(agent);

        Assert.That((await PostAsync($"/api/chat?session_id=s&conversation_id={conversation}", body)).GetProperty("data").GetRawText(), Is.EqualTo(sent.GetRawText()));
    }

    [Test]
    public async Task Engines_report_and_register_as_before()
    {
        var agent = NewAgent();
        await SetBudgetAsync(agent, 1, "block_chat");
        var task = await SpendAsync(agent, 2);
        await UntilBlockedAsync(agent);

        await SpendAsync(agent, 3);
        await PostAsync($"/api/tasks/{task}/retry", new { });
    }

    private async Task UntilBlockedAsync(string agent)
    {
        var conversation = await BeginAsync(agentType: agent);
        await Probe.Until(async () => (await SayAsync(Server, conversation)).StatusCode == HttpStatusCode.Conflict, "chat is closed");
    }

    private Task UntilOpenAsync(string conversation) =>
        Probe.Until(async () => (await SayAsync(Server, conversation)).StatusCode == HttpStatusCode.OK, "chat is open");

    private static async Task<HttpResponseMessage> SayAsync(DashboardServer server, string conversation)
    {
        using var response = await server.Http.PostAsJsonAsync($"/api/chat?session_id=s&conversation_id={conversation}", new { message = "?" });
        return response;
    }

    private async Task ChangeAsync(string id, string agent, decimal amount, string action)
    {
        using var response = await Http.PutAsJsonAsync(
            $"/api/budgets/{id}", new { name = agent, amount_usd = amount, period = "month", scope = "agent", scope_value = agent, action });
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    private Task<string> CountsAsync() => Database.QueryAsync<string>(
        """
        SELECT concat_ws(' ', (SELECT count(*) FROM tasks), (SELECT count(*) FROM conversation_messages), (SELECT count(*) FROM sessions), (SELECT count(*) FROM conversations),
            (SELECT sum(message_count) FROM conversations))
        """);
}
