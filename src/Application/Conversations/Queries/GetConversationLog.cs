using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations.Contracts;
using GrooteDashboard.Application.Conversations.Ports;
using MediatR;

namespace GrooteDashboard.Application.Conversations.Queries;

/// <summary>What was said on a conversation's channel after an offset; null where there is no such conversation.</summary>
public sealed record GetConversationLogQuery(string ConversationId, long After, int Limit) : IQuery<ConversationLogPage?>
{
    public const int MaxLimit = 5_000;
}

internal sealed class GetConversationLogValidator : AbstractValidator<GetConversationLogQuery>
{
    public GetConversationLogValidator()
    {
        RuleFor(q => q.After).GreaterThanOrEqualTo(0).WithName("after");
        RuleFor(q => q.Limit).InclusiveBetween(1, GetConversationLogQuery.MaxLimit).WithName("limit");
    }
}

internal sealed class GetConversationLogHandler(IConversationReader reader) : IRequestHandler<GetConversationLogQuery, ConversationLogPage?>
{
    public Task<ConversationLogPage?> Handle(GetConversationLogQuery query, CancellationToken cancellationToken) =>
        reader.ReadLogAsync(query.ConversationId, query.After, query.Limit, cancellationToken);
}
