using AutoMapper;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations.Contracts;
using GrooteDashboard.Application.Conversations.Ports;
using MediatR;

namespace GrooteDashboard.Application.Conversations.Queries;

/// <summary>One conversation, with its newest messages where they are wanted; null where there is none of this id.</summary>
public sealed record GetConversationQuery(string ConversationId, bool IncludeMessages) : IQuery<ConversationSummary?>;

internal sealed class GetConversationHandler(IConversationReader reader, IMapper mapper) : IRequestHandler<GetConversationQuery, ConversationSummary?>
{
    public async Task<ConversationSummary?> Handle(GetConversationQuery query, CancellationToken cancellationToken)
    {
        var conversation = await reader.FindAsync(query.ConversationId, cancellationToken);
        if (conversation is null || !query.IncludeMessages)
        {
            return conversation;
        }

        var messages = await reader.ListMessagesAsync(query.ConversationId, null, [], 0, ConversationDetails.MaxMessages, cancellationToken);
        return mapper.Map<ConversationDetails>(conversation) with { Messages = [.. (messages ?? []).Select(numbered => numbered.Message)] };
    }
}
