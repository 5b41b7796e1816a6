using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations.Contracts;
using GrooteDashboard.Application.Conversations.Ports;
using GrooteDashboard.Domain.Tasks;
using MediatR;

namespace GrooteDashboard.Application.Conversations.Queries;

/// <summary>Conversations, last changed first.</summary>
/// <param name="UserId">Of this user; null for everybody's.</param>
/// <param name="IncludeArchived">Whether archived ones are among them.</param>
/// <param name="Cursor">After the part that gave it.</param>
/// <param name="Offset">So many are passed over.</param>
/// <param name="Limit">How many at most.</param>
public sealed record ListConversationsQuery(string? UserId, bool IncludeArchived, string? Cursor, int Offset, int Limit) : IQuery<ConversationPage>
{
    public const int MaxLimit = 200;
    public const int MaxOffset = 1_000_000;
}

internal sealed class ListConversationsValidator : AbstractValidator<ListConversationsQuery>
{
    public ListConversationsValidator()
    {
        RuleFor(q => q.UserId).MaximumLength(AgentTask.MaxNameLength).WithName("user_id");
        RuleFor(q => q.Limit).InclusiveBetween(1, ListConversationsQuery.MaxLimit).WithName("limit");
        RuleFor(q => q.Offset).InclusiveBetween(0, ListConversationsQuery.MaxOffset).WithName("offset");
        RuleFor(q => q.Cursor).Must(cursor => cursor is null || ConversationCursor.Parse(cursor) is not null).WithName("cursor")
            .WithMessage("cursor is none that this list gave.");
    }
}

internal sealed class ListConversationsHandler(IConversationReader reader) : IRequestHandler<ListConversationsQuery, ConversationPage>
{
    public Task<ConversationPage> Handle(ListConversationsQuery query, CancellationToken cancellationToken)
    {
        var after = query.Cursor is { } cursor ? ConversationCursor.Parse(cursor) : null;
        return reader.ListAsync(new ConversationFilter(query.UserId, query.IncludeArchived), after, query.Offset, query.Limit, cancellationToken);
    }
}
