using FluentValidation;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Application.Common;
using MediatR;

namespace GrooteDashboard.Application.Analytics.Queries;

/// <summary>What each agent cost in the last days, in columns, as existing clients read it.</summary>
public sealed record GetCostsByAgentQuery(int Days) : IQuery<CostsByAgent>;

/// <summary>The costliest first; tasks without an agent are left out.</summary>
public sealed record CostsByAgent(IReadOnlyList<string> Subagents, IReadOnlyList<decimal> Costs, IReadOnlyList<long> TaskCounts);

internal sealed class GetCostsByAgentValidator : AbstractValidator<GetCostsByAgentQuery>
{
    public GetCostsByAgentValidator() => RuleFor(q => q.Days).InclusiveBetween(1, GetCostColumnsQuery.MaxDays).WithName("days");
}

internal sealed class GetCostsByAgentHandler(IAnalyticsReader reader, TimeProvider time) : IRequestHandler<GetCostsByAgentQuery, CostsByAgent>
{
    /// <summary>Nobody looks at more.</summary>
    private const int MaxAgents = 1_000;

    public async Task<CostsByAgent> Handle(GetCostsByAgentQuery query, CancellationToken cancellationToken)
    {
        var range = TimeRange.Of(AnalyticsScope.Everything, time.GetUtcNow(), TimeSpan.FromDays(query.Days));
        var groups = await reader.ReadAsync(new TaskQuestion([range.From, range.ReadTo], Dimension.Agent, TaskQuestion.NoFilters), cancellationToken);
        var agents = groups.Where(group => group.Value.Length > 0)
            .OrderByDescending(group => group.Measures.Sums.CostUsd).ThenBy(group => group.Value, StringComparer.Ordinal).Take(MaxAgents).ToList();
        return new CostsByAgent(
            [.. agents.Select(agent => agent.Value)],
            [.. agents.Select(agent => Figures.Plain(agent.Measures.Sums.CostUsd))],
            [.. agents.Select(agent => agent.Measures.Sums.Tasks)]);
    }
}
