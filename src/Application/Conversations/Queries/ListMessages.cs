using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations.Contracts;
using GrooteDashboard.Application.Conversations.Ports;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.Tasks.Contracts;
using MediatR;

namespace GrooteDashboard.Application.Conversations.Queries;

/// <summary>The newest messages of a conversation, oldest first; null where there is no such conversation.</summary>
/// <param name="ConversationId">The conversation.</param>
/// <param name="Cursor">Those before the part that gave it.</param>
/// <param name="Offset">So many of the newest are passed over.</param>
/// <param name="Limit">How many at most.</param>
public sealed record ListMessagesQuery(string ConversationId, long? Cursor, int Offset, int Limit) : IQuery<MessagePage?>
{
    public const int MaxLimit = 500;
    public const int MaxOffset = 1_000_000;
}

internal sealed class ListMessagesValidator : AbstractValidator<ListMessagesQuery>
{
    public ListMessagesValidator()
    {
        RuleFor(q => q.Limit).InclusiveBetween(1, ListMessagesQuery.MaxLimit).WithName("limit");
        RuleFor(q => q.Offset).InclusiveBetween(0, ListMessagesQuery.MaxOffset).WithName("offset");
        RuleFor(q => q.Cursor).GreaterThanOrEqualTo(0).WithName("cursor");
    }
}

internal sealed class ListMessagesHandler(IConversationReader reader, IChannelPositions positions) : IRequestHandler<ListMessagesQuery, MessagePage?>
{
    public async Task<MessagePage?> Handle(ListMessagesQuery query, CancellationToken cancellationToken)
    {
        // The position comes first: what is said between the two is then told again rather than missed.
        var channel = Channels.Conversation(query.ConversationId);
        var (epoch, offset) = await positions.GetAsync(channel, cancellationToken);
        var messages = await reader.ListMessagesAsync(query.ConversationId, query.Cursor, [], query.Offset, query.Limit + 1, cancellationToken);
        if (messages is null)
        {
            return null;
        }

        var page = messages.Count > query.Limit ? [.. messages.Skip(1)] : messages;
        return new MessagePage(
            [.. page.Select(numbered => numbered.Message)],
            page.Count < messages.Count ? page[0].Number : null,
            new LogPosition(channel, epoch, offset));
    }
}
