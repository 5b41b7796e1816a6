using GrooteDashboard.Application.Conversations.Ports;
using GrooteDashboard.Domain.Conversations;
using GrooteDashboard.Infrastructure.Persistence.Configurations.Conversations;
using Microsoft.EntityFrameworkCore;

namespace GrooteDashboard.Infrastructure.Persistence.Repositories;

internal sealed class ConversationRepository(DashboardDbContext db) : IConversationRepository
{
    public async Task<Conversation?> FindForUpdateAsync(string conversationId, CancellationToken cancellationToken)
    {
        await db.BeginAsync(cancellationToken);
        var found = await db.Conversations.FromSql($"SELECT * FROM conversations WHERE conversation_id = {conversationId} FOR UPDATE")
            .ToListAsync(cancellationToken);
        return found.SingleOrDefault();
    }

    public Task<Message?> FindMessageAsync(string messageId, CancellationToken cancellationToken) =>
        db.Messages.AsNoTracking().SingleOrDefaultAsync(message => message.MessageId == messageId, cancellationToken);

    public void Add(Conversation conversation) => db.Conversations.Add(conversation);

    public void Add(Message message) => db.Messages.Add(message);

    public async Task DeleteMessagesAsync(string conversationId, CancellationToken cancellationToken)
    {
        await db.BeginAsync(cancellationToken);
        await db.Messages.Where(message => message.ConversationId == conversationId).ExecuteDeleteAsync(cancellationToken);
        await db.Set<ConversationLogRecord>().Where(row => row.ConversationId == conversationId).ExecuteDeleteAsync(cancellationToken);
    }

    public void Remove(Conversation conversation) => db.Conversations.Remove(conversation);
}
