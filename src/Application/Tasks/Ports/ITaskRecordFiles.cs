namespace GrooteDashboard.Application.Tasks.Ports;

/// <summary>The files that a task logger keeps of tasks.</summary>
public interface ITaskRecordFiles
{
    /// <summary>Null where no files are kept of this task.</summary>
    Task<ITaskRecord?> FindAsync(string taskId, CancellationToken cancellationToken);
}

/// <summary>What is kept of one task, part by part, as JSON. Parts may be large: lists are streamed, never collected.</summary>
public interface ITaskRecord
{
    /// <summary>Changes with what is kept.</summary>
    string Version { get; }

    bool Has(TaskRecordPart part);

    /// <summary>A part that is one JSON object, in UTF-8; null where it is missing, not whole yet or too large.</summary>
    Task<ReadOnlyMemory<byte>?> ReadObjectAsync(TaskRecordPart part, CancellationToken cancellationToken);

    /// <summary>The JSON values of a part that is a list, in UTF-8, each only until the next one is asked for. What is no JSON is left out.</summary>
    IAsyncEnumerable<ReadOnlyMemory<byte>> ReadItemsAsync(TaskRecordPart part, CancellationToken cancellationToken);
}

/// <summary>The parts of a task's record, in the order in which clients know them.</summary>
public enum TaskRecordPart
{
    /// <summary>An object: what the task is, and how it goes.</summary>
    Metadata,

    /// <summary>An object: what it was asked to do.</summary>
    Input,

    /// <summary>A list: what people told it later.</summary>
    UserInputs,

    /// <summary>A list: how a webhook became the task.</summary>
    WebhookFlow,

    /// <summary>A list: what the agent said and did.</summary>
    AgentOutput,

    /// <summary>A list: what it asked its knowledge base, and the answers.</summary>
    KnowledgeInteractions,

    /// <summary>An object: how it ended.</summary>
    FinalResult,
}

public static class TaskRecordParts
{
    public static IReadOnlyList<TaskRecordPart> All { get; } = Enum.GetValues<TaskRecordPart>();

    public static bool IsList(this TaskRecordPart part) => part is TaskRecordPart.UserInputs or TaskRecordPart.WebhookFlow
        or TaskRecordPart.AgentOutput or TaskRecordPart.KnowledgeInteractions;

    /// <summary>The part's name in JSON.</summary>
    public static string Name(this TaskRecordPart part) => part switch
    {
        TaskRecordPart.Metadata => "metadata",
        TaskRecordPart.Input => "input",
        TaskRecordPart.UserInputs => "user_inputs",
        TaskRecordPart.WebhookFlow => "webhook_flow",
        TaskRecordPart.AgentOutput => "agent_output",
        TaskRecordPart.KnowledgeInteractions => "knowledge_interactions",
        TaskRecordPart.FinalResult => "final_result",
        _ => throw new ArgumentOutOfRangeException(nameof(part)),
    };
}
