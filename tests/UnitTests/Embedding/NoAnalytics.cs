using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;

namespace GrooteDashboard.UnitTests.Embedding;

/// <summary>For a host that asks for no figures.</summary>
internal sealed class NoAnalytics : IAnalyticsReader, ISessionAnalyticsReader, IConversationCostReader
{
    public Task<IReadOnlyList<TaskGroup>> ReadAsync(TaskQuestion question, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<TaskGroup>>([]);

    public Task<IReadOnlyList<SessionSums>> ReadAsync(IReadOnlyList<DateTimeOffset> boundaries, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<SessionSums>>([.. boundaries.Skip(1).Select(_ => new SessionSums())]);

    public Task<ConversationCosts> ReadAsync(
        DateTimeOffset? from, DateTimeOffset? to, bool costliestFirst, int offset, int limit, CancellationToken cancellationToken) =>
        Task.FromResult(new ConversationCosts(0, 0, 0, 0, 0, 0, [], null));
}
