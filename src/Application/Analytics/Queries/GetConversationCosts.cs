using FluentValidation;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Application.Common;
using MediatR;

namespace GrooteDashboard.Application.Analytics.Queries;

/// <summary>What conversations come to whose first run began in a range.</summary>
/// <param name="From">Null: from the first on.</param>
/// <param name="To">Null: until the last.</param>
/// <param name="CostliestFirst">Instead of newest first.</param>
/// <param name="Offset">So many are passed over.</param>
/// <param name="Limit">1 to 500.</param>
public sealed record GetConversationCostsQuery(DateTimeOffset? From, DateTimeOffset? To, bool CostliestFirst, int Offset, int Limit) : IQuery<ConversationCosts>
{
    public const int DefaultLimit = 100;
    public const int MaxLimit = 500;
    public const int MaxOffset = 1_000_000;
}

internal sealed class GetConversationCostsValidator : AbstractValidator<GetConversationCostsQuery>
{
    public GetConversationCostsValidator()
    {
        RuleFor(q => q.Limit).InclusiveBetween(1, GetConversationCostsQuery.MaxLimit).WithName("limit");
        RuleFor(q => q.Offset).InclusiveBetween(0, GetConversationCostsQuery.MaxOffset).WithName("offset");
    }
}

internal sealed class GetConversationCostsHandler(IConversationCostReader reader) : IRequestHandler<GetConversationCostsQuery, ConversationCosts>
{
    public Task<ConversationCosts> Handle(GetConversationCostsQuery query, CancellationToken cancellationToken) =>
        reader.ReadAsync(query.From, query.To, query.CostliestFirst, query.Offset, query.Limit, cancellationToken);
}
