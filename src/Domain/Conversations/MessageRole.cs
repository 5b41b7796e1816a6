namespace GrooteDashboard.Domain.Conversations;

/// <summary>Who says a message.</summary>
public enum MessageRole
{
    /// <summary>A person.</summary>
    User,

    /// <summary>An agent.</summary>
    Assistant,

    /// <summary>The system around them: where the conversation comes from, what happened meanwhile.</summary>
    System,
}

public static class MessageRoles
{
    public static bool TryParse(string? name, out MessageRole role)
    {
        (var known, role) = name switch
        {
            "user" => (true, MessageRole.User),
            "assistant" => (true, MessageRole.Assistant),
            "system" => (true, MessageRole.System),
            _ => (false, default),
        };
        return known;
    }

    public static string Name(this MessageRole role) => role switch
    {
        MessageRole.User => "user",
        MessageRole.Assistant => "assistant",
        MessageRole.System => "system",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, null),
    };
}
