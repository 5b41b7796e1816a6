using AutoMapper;
using AutoMapper.QueryableExtensions;
using GrooteDashboard.Application.Conversations.Contracts;
using GrooteDashboard.Application.Conversations.Ports;
using GrooteDashboard.Domain.Conversations;
using GrooteDashboard.Domain.Tasks;
using Microsoft.EntityFrameworkCore;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

internal sealed class ConversationReader(DashboardDbContext db, ConversationLog log, IMapper mapper) : IConversationReader
{
    public async Task<ConversationPage> ListAsync(
        ConversationFilter filter, ConversationCursor? after, int offset, int limit, CancellationToken cancellationToken)
    {
        var matching = db.Conversations.AsNoTracking();
        if (filter.UserId is { } userId)
        {
            matching = matching.Where(conversation => conversation.UserId == userId);
        }

        if (filter.Archived is { } archived)
        {
            matching = matching.Where(conversation => conversation.IsArchived == archived);
        }

        if (filter.FlowId is { } flowId)
        {
            matching = matching.Where(conversation => conversation.FlowId == flowId);
        }

        if (filter.Text is { } text)
        {
            var pattern = $"%{EscapePattern(text)}%";
            matching = matching.Where(conversation => EF.Functions.ILike(conversation.Title, pattern, @"\"));
        }

        if (after is { } cursor)
        {
            matching = matching.Where(conversation => EF.Functions.LessThan(
                ValueTuple.Create(conversation.UpdatedAt, conversation.ConversationId), ValueTuple.Create(cursor.UpdatedAt, cursor.ConversationId)));
        }

        var rows = matching.OrderByDescending(conversation => conversation.UpdatedAt).ThenByDescending(conversation => conversation.ConversationId)
            .Skip(offset).Take(limit + 1).ProjectTo<ConversationSummary>(mapper.ConfigurationProvider);
        var items = filter.Text is null ? await rows.ToListAsync(cancellationToken) : await db.SearchAsync(() => rows.ToListAsync(cancellationToken), cancellationToken);
        if (items.Count <= limit)
        {
            return new ConversationPage(items, null);
        }

        items.RemoveAt(limit);
        return new ConversationPage(items, new ConversationCursor(items[^1].UpdatedAt, items[^1].ConversationId));
    }

    public Task<ConversationSummary?> FindAsync(string conversationId, CancellationToken cancellationToken) =>
        db.Conversations.AsNoTracking().Where(conversation => conversation.ConversationId == conversationId)
            .ProjectTo<ConversationSummary>(mapper.ConfigurationProvider).SingleOrDefaultAsync(cancellationToken);

    public Task<ConversationSummary?> FindByFlowAsync(string flowId, CancellationToken cancellationToken) =>
        db.Conversations.AsNoTracking().Where(conversation => conversation.FlowId == flowId)
            .OrderByDescending(conversation => conversation.CreatedAt).ThenByDescending(conversation => conversation.ConversationId)
            .ProjectTo<ConversationSummary>(mapper.ConfigurationProvider).FirstOrDefaultAsync(cancellationToken);

    public async Task<IReadOnlyList<NumberedMessage>?> ListMessagesAsync(
        string conversationId, long? before, IReadOnlyList<MessageRole> roles, int offset, int limit, CancellationToken cancellationToken)
    {
        var messages = db.Messages.AsNoTracking().Where(message => message.ConversationId == conversationId);
        if (before is { } number)
        {
            messages = messages.Where(message => message.Number < number);
        }

        if (roles.Count > 0)
        {
            messages = messages.Where(message => roles.Contains(message.Role));
        }

        var newest = await messages.OrderByDescending(message => message.Number).Skip(offset).Take(limit).ToListAsync(cancellationToken);
        if (newest.Count == 0 && !await db.Conversations.AnyAsync(conversation => conversation.ConversationId == conversationId, cancellationToken))
        {
            return null;
        }

        newest.Reverse();
        return [.. newest.Select(message => new NumberedMessage(message.Number, mapper.Map<MessageDetails>(message)))];
    }

    public async Task<IReadOnlyDictionary<string, int>> CountTasksAsync(string conversationId, CancellationToken cancellationToken)
    {
        var counts = await db.Tasks.Where(task => task.ConversationId == conversationId).GroupBy(task => task.Status)
            .Select(group => new { Status = group.Key, Count = group.Count() }).ToListAsync(cancellationToken);
        return counts.ToDictionary(count => count.Status.Name(), count => count.Count);
    }

    public async Task<IReadOnlyList<PastTask>> ListRecentTasksAsync(string conversationId, int limit, CancellationToken cancellationToken)
    {
        var tasks = await db.Tasks.AsNoTracking().Where(task => task.ConversationId == conversationId)
            .OrderByDescending(task => task.CreatedAt).ThenByDescending(task => task.TaskId).Take(limit)
            .Select(task => new { task.TaskId, task.Status, task.InputMessage, task.Result }).ToListAsync(cancellationToken);
        tasks.Reverse();
        return [.. tasks.Select(task => new PastTask(task.TaskId, task.Status.Name(), task.InputMessage, task.Result))];
    }

    public async Task<ConversationLogPage?> ReadLogAsync(string conversationId, long after, int limit, CancellationToken cancellationToken)
    {
        if (!await db.Conversations.AnyAsync(conversation => conversation.ConversationId == conversationId, cancellationToken))
        {
            return null;
        }

        var entries = await log.ReadAsync(conversationId, after, limit, cancellationToken);
        var head = await log.ReadHeadAsync(conversationId, cancellationToken);
        return new ConversationLogPage(conversationId, entries, head, entries.Count > 0 && entries[^1].Offset < head);
    }

    /// <summary>Signs that mean something in a pattern are looked for as they are.</summary>
    private static string EscapePattern(string text) => text
        .Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal).Replace("_", @"\_", StringComparison.Ordinal);
}
