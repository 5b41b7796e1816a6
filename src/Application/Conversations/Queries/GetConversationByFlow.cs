using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations.Contracts;
using GrooteDashboard.Application.Conversations.Ports;
using MediatR;

namespace GrooteDashboard.Application.Conversations.Queries;

/// <summary>The newest conversation of a thread at a source, such as <c>github:owner/repo#42</c>; null where there is none.</summary>
public sealed record GetConversationByFlowQuery(string FlowId) : IQuery<ConversationSummary?>;

internal sealed class GetConversationByFlowHandler(IConversationReader reader) : IRequestHandler<GetConversationByFlowQuery, ConversationSummary?>
{
    public Task<ConversationSummary?> Handle(GetConversationByFlowQuery query, CancellationToken cancellationToken) =>
        reader.FindByFlowAsync(query.FlowId, cancellationToken);
}
