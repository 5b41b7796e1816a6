using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations.Contracts;
using GrooteDashboard.Application.Conversations.Ports;
using MediatR;

namespace GrooteDashboard.Application.Conversations.Queries;

/// <summary>What a conversation's runs come to; null where there is no such conversation.</summary>
public sealed record GetConversationMetricsQuery(string ConversationId) : IQuery<ConversationMetrics?>;

internal sealed class GetConversationMetricsHandler(IConversationReader reader) : IRequestHandler<GetConversationMetricsQuery, ConversationMetrics?>
{
    private const int AverageDecimals = 4;

    public async Task<ConversationMetrics?> Handle(GetConversationMetricsQuery query, CancellationToken cancellationToken) =>
        await reader.FindAsync(query.ConversationId, cancellationToken) is { } conversation
            ? new ConversationMetrics(
                conversation.ConversationId,
                conversation.TotalCostUsd,
                conversation.TotalTasks,
                conversation.TotalDurationSeconds,
                conversation.StartedAt,
                conversation.CompletedAt,
                await reader.CountTasksAsync(query.ConversationId, cancellationToken),
                conversation.TotalTasks == 0 ? 0 : Math.Round(conversation.TotalCostUsd / conversation.TotalTasks, AverageDecimals))
            : null;
}
