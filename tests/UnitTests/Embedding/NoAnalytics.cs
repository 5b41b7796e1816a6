using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Domain.Analytics;

namespace GrooteDashboard.UnitTests.Embedding;

/// <summary>For a host that asks for no figures; of costs it knows what it is told.</summary>
internal sealed class NoAnalytics : IAnalyticsReader, ISessionAnalyticsReader, IConversationCostReader
{
    /// <summary>What every range cost, by the value of the dimension; "" for all together.</summary>
    public Dictionary<string, decimal> Costs { get; } = [];

    public int Questions { get; private set; }

    public Task<IReadOnlyList<TaskGroup>> ReadAsync(TaskQuestion question, CancellationToken cancellationToken)
    {
        Questions++;
        return Task.FromResult<IReadOnlyList<TaskGroup>>(
            [.. Costs.Where(cost => question.By == Dimension.All ? cost.Key.Length == 0 : cost.Key.Length > 0).Select(cost => new TaskGroup(0, cost.Key, Of(cost.Value)))]);
    }

    private static TaskMeasures Of(decimal cost)
    {
        var measures = new TaskMeasures(withHistograms: false);
        measures.Add(new TaskSums { Tasks = 1, CostUsd = cost });
        return measures;
    }

    public Task<IReadOnlyList<SessionSums>> ReadAsync(IReadOnlyList<DateTimeOffset> boundaries, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<SessionSums>>([.. boundaries.Skip(1).Select(_ => new SessionSums())]);

    public Task<ConversationCosts> ReadAsync(
        DateTimeOffset? from, DateTimeOffset? to, bool costliestFirst, int offset, int limit, CancellationToken cancellationToken) =>
        Task.FromResult(new ConversationCosts(0, 0, 0, 0, 0, 0, [], null));
}
