using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Domain.Conversations;
using Microsoft.EntityFrameworkCore;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

internal sealed class ConversationCostReader(DashboardDbContext db) : IConversationCostReader
{
    private const int CostDecimals = 4;
    private const int DurationDecimals = 2;

    public async Task<ConversationCosts> ReadAsync(
        DateTimeOffset? from, DateTimeOffset? to, bool costliestFirst, int offset, int limit, CancellationToken cancellationToken)
    {
        var conversations = db.Conversations.AsNoTracking();
        if (from is { } start)
        {
            conversations = conversations.Where(conversation => conversation.StartedAt >= start);
        }

        if (to is { } end)
        {
            conversations = conversations.Where(conversation => conversation.StartedAt < end);
        }

        var totals = await conversations.GroupBy(_ => 1)
            .Select(all => new
            {
                Count = all.LongCount(),
                Cost = all.Sum(conversation => conversation.TotalCostUsd),
                Tasks = all.Sum(conversation => (long)conversation.TotalTasks),
                Duration = all.Sum(conversation => conversation.TotalDurationSeconds),
            })
            .SingleOrDefaultAsync(cancellationToken);
        var page = await Ordered(conversations, costliestFirst).Skip(offset).Take(limit)
            .Select(conversation => new ConversationCost(
                conversation.ConversationId,
                conversation.Title,
                conversation.TotalCostUsd,
                conversation.TotalTasks,
                conversation.TotalDurationSeconds,
                conversation.StartedAt,
                conversation.CompletedAt))
            .ToListAsync(cancellationToken);
        return totals is null
            ? new ConversationCosts(0, 0, 0, 0, 0, 0, [])
            : new ConversationCosts(
                totals.Count,
                Figures.Plain(Math.Round(totals.Cost, CostDecimals)),
                totals.Tasks,
                Math.Round(totals.Duration, DurationDecimals),
                Figures.Ratio(totals.Cost, totals.Count, CostDecimals),
                Figures.Ratio(totals.Tasks, totals.Count, DurationDecimals),
                page);
    }

    private static IQueryable<Conversation> Ordered(IQueryable<Conversation> conversations, bool costliestFirst) => costliestFirst
        ? conversations.OrderByDescending(conversation => conversation.TotalCostUsd).ThenBy(conversation => conversation.ConversationId)
        // Those without a run come last.
        : conversations.OrderByDescending(conversation => conversation.StartedAt != null).ThenByDescending(conversation => conversation.StartedAt)
            .ThenByDescending(conversation => conversation.ConversationId);
}
