using System.Globalization;
using System.Text;
using GrooteDashboard.Application.Conversations.Ports;
using GrooteDashboard.Domain.Conversations;

namespace GrooteDashboard.Application.Conversations;

/// <summary>What was said and done before: an agent knows of a conversation only what its prompt tells.</summary>
internal sealed class ChatContext
{
    private const int MaxTasks = 10;
    private const int MaxMessages = 50;
    private const int MaxTextLength = 4_000;

    private readonly string _text;

    private ChatContext(string text, bool hasMessages, bool hasTasks) => (_text, HasMessages, HasTasks) = (text, hasMessages, hasTasks);

    public static ChatContext None { get; } = new("", false, false);

    public bool HasMessages { get; }

    public bool HasTasks { get; }

    /// <summary>The newest 10 tasks and 50 messages, of each text the first 4,000 characters.</summary>
    public static async Task<ChatContext> ReadAsync(IConversationReader reader, string conversationId, CancellationToken cancellationToken)
    {
        var tasks = await reader.ListRecentTasksAsync(conversationId, MaxTasks, cancellationToken);
        var messages = await reader.ListMessagesAsync(conversationId, before: null, [], offset: 0, MaxMessages, cancellationToken) ?? [];
        var text = new StringBuilder();
        if (tasks.Count > 0)
        {
            text.Append("## Earlier tasks of this conversation\n");
            foreach (var task in tasks)
            {
                text.Append(CultureInfo.InvariantCulture, $"- {task.TaskId} ({task.Status}): {Shorten(task.InputMessage)}\n");
                if (!string.IsNullOrWhiteSpace(task.Result))
                {
                    text.Append(CultureInfo.InvariantCulture, $"  Result: {Shorten(task.Result)}\n");
                }
            }

            text.Append('\n');
        }

        if (messages.Count > 0)
        {
            text.Append("## The conversation so far\n");
            foreach (var (_, message) in messages)
            {
                text.Append(CultureInfo.InvariantCulture, $"{message.Role.Name()}: {Shorten(message.Content)}\n");
            }

            text.Append('\n');
        }

        return new ChatContext(text.ToString(), messages.Count > 0, tasks.Count > 0);
    }

    /// <summary>The prompt: the context, then what is said now.</summary>
    public string Before(string message) => _text.Length == 0 ? message : $"{_text}## Now\n{message}";

    private static string Shorten(string text) =>
        text.Length <= MaxTextLength ? text : text[..(char.IsHighSurrogate(text[MaxTextLength - 1]) ? MaxTextLength - 1 : MaxTextLength)] + "…";
}
