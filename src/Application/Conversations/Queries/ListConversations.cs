using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations.Contracts;
using GrooteDashboard.Application.Conversations.Ports;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Domain.Tasks;
using MediatR;

namespace GrooteDashboard.Application.Conversations.Queries;

/// <summary>Conversations, last changed first.</summary>
/// <param name="Filter">Which.</param>
/// <param name="Cursor">After the part that gave it.</param>
/// <param name="Offset">So many are passed over.</param>
/// <param name="Limit">How many at most.</param>
public sealed record ListConversationsQuery(ConversationFilter Filter, string? Cursor, int Offset, int Limit) : IQuery<ConversationPage>
{
    public const int MaxLimit = 200;
    public const int MaxOffset = 1_000_000;

    /// <summary>Shorter words are in too many titles for an index to help.</summary>
    public const int MinTextLength = 3;
    public const int MaxTextLength = 200;
}

internal sealed class ListConversationsValidator : AbstractValidator<ListConversationsQuery>
{
    public ListConversationsValidator()
    {
        RuleFor(q => q.Filter.UserId).MaximumLength(AgentTask.MaxNameLength).WithName("user_id").OverridePropertyName("user_id");
        RuleFor(q => q.Filter.FlowId).MaximumLength(AgentTask.MaxNameLength).WithName("flow_id").OverridePropertyName("flow_id");
        RuleFor(q => q.Filter.Text).Length(ListConversationsQuery.MinTextLength, ListConversationsQuery.MaxTextLength).WithName("text").OverridePropertyName("text");
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
        var filter = query.Filter with { Text = query.Filter.Text is { } text ? LogText.Clean(text) : null };
        return reader.ListAsync(filter, after, query.Offset, query.Limit, cancellationToken);
    }
}
