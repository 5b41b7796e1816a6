using GrooteDashboard.IntegrationTests.Conversations;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Budgets;

/// <summary>What tests of budgets do again and again.</summary>
internal abstract class BudgetFixture : ConversationFixture
{
    /// <summary>Names an agent that nobody else has.</summary>
    protected static string NewAgent() => $"agent-{Guid.NewGuid():N}"[..14];

    protected async Task<string> SetBudgetAsync(string agent, decimal amount, string action = "notify", string period = "month", params int[] thresholds) =>
        (await PostAsync("/api/budgets", new { name = agent, amount_usd = amount, period, scope = "agent", scope_value = agent, thresholds, action })).Text("budget_id")!;

    /// <summary>A task of the agent, with what it cost.</summary>
    protected async Task<string> SpendAsync(string agent, decimal cost, string source = "github")
    {
        var taskId = await RegisterAsync(source: source, agent: agent);
        await PatchAsync($"/api/tasks/{taskId}", new { status = "completed", cost_usd = cost });
        return taskId;
    }

    protected Task<long> TripsOfAsync(string budgetId) => Database.QueryAsync<long>($"SELECT count(*) FROM budget_trips WHERE budget_id = '{budgetId}'");

    protected Task UntilTrippedAsync(string budgetId, int count = 1) =>
        Probe.Until(async () => await TripsOfAsync(budgetId) >= count, $"{count} thresholds of {budgetId} are recorded");
}
