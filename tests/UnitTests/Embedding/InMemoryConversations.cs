using AutoMapper;
using GrooteDashboard.Application.Conversations.Contracts;
using GrooteDashboard.Application.Conversations.Ports;
using GrooteDashboard.Domain.Conversations;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.UnitTests.Embedding;

/// <summary>Conversations as screens and engines read them.</summary>
internal sealed class InMemoryConversations(InMemoryDatabase database, IMapper mapper) : IConversationReader
{
    public Task<ConversationPage> ListAsync(
        ConversationFilter filter, ConversationCursor? after, int offset, int limit, CancellationToken cancellationToken)
    {
        var matching = database.Conversations
            .Where(conversation => filter.UserId is null || conversation.UserId == filter.UserId)
            .Where(conversation => filter.Archived is null || conversation.IsArchived == filter.Archived)
            .Where(conversation => filter.FlowId is null || conversation.FlowId == filter.FlowId)
            .Where(conversation => filter.Text is null || conversation.Title.Contains(filter.Text, StringComparison.OrdinalIgnoreCase))
            .OrderByDescending(conversation => conversation.UpdatedAt).ThenByDescending(conversation => conversation.ConversationId, StringComparer.Ordinal)
            .Where(conversation => after is null || conversation.UpdatedAt < after.UpdatedAt
                || (conversation.UpdatedAt == after.UpdatedAt && string.CompareOrdinal(conversation.ConversationId, after.ConversationId) < 0))
            .Skip(offset).Select(mapper.Map<ConversationSummary>).ToList();
        var items = matching.Take(limit).ToList();
        return Task.FromResult(new ConversationPage(
            items, matching.Count > limit ? new ConversationCursor(items[^1].UpdatedAt, items[^1].ConversationId) : null));
    }

    public Task<ConversationSummary?> FindAsync(string conversationId, CancellationToken cancellationToken) =>
        Task.FromResult(mapper.Map<ConversationSummary?>(database.FindConversation(conversationId)));

    public Task<ConversationSummary?> FindByFlowAsync(string flowId, CancellationToken cancellationToken) => Task.FromResult(
        mapper.Map<ConversationSummary?>(database.Conversations.Where(conversation => conversation.FlowId == flowId).MaxBy(conversation => conversation.CreatedAt)));

    public Task<IReadOnlyList<NumberedMessage>?> ListMessagesAsync(
        string conversationId, long? before, IReadOnlyList<MessageRole> roles, int offset, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<NumberedMessage>?>(database.FindConversation(conversationId) is null ? null :
        [
            .. database.MessagesOf(conversationId)
                .Where(message => before is null || message.Number < before)
                .Where(message => roles.Count == 0 || roles.Contains(message.Role))
                .SkipLast(offset).TakeLast(limit).Select(message => new NumberedMessage(message.Number, mapper.Map<MessageDetails>(message))),
        ]);

    public Task<IReadOnlyDictionary<string, int>> CountTasksAsync(string conversationId, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyDictionary<string, int>>(
            database.Tasks.Where(task => task.ConversationId == conversationId).CountBy(task => task.Status.Name()).ToDictionary());

    public Task<IReadOnlyList<PastTask>> ListRecentTasksAsync(string conversationId, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<PastTask>>(
        [
            .. database.Tasks.Where(task => task.ConversationId == conversationId).OrderBy(task => task.CreatedAt).TakeLast(limit)
                .Select(task => new PastTask(task.TaskId, task.Status.Name(), task.InputMessage, task.Result)),
        ]);

    /// <summary>A host whose conversations have no channel.</summary>
    public Task<ConversationLogPage?> ReadLogAsync(string conversationId, long after, int limit, CancellationToken cancellationToken) =>
        Task.FromResult(database.FindConversation(conversationId) is null ? null : new ConversationLogPage(conversationId, [], 0, HasMore: false));
}
