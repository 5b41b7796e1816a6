namespace GrooteDashboard.Domain.Tasks;

/// <summary>What an engine says of a task: any part may be missing.</summary>
/// <param name="Status">The status that the engine claims.</param>
/// <param name="Output">The final output as one text; it repeats what was streamed, if anything was.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="Result">The result, as text or JSON text.</param>
/// <param name="Figures">Cost, tokens and duration.</param>
/// <param name="Model">The language model that does the work.</param>
public sealed record TaskReport(
    AgentTaskStatus? Status = null,
    string? Output = null,
    string? Error = null,
    string? Result = null,
    TaskFigures? Figures = null,
    string? Model = null);

/// <summary>The way by which a report came; it decides how far the report can be trusted.</summary>
public enum ReportOrigin
{
    /// <summary><c>PATCH /api/tasks/{id}</c>: the engine's last word.</summary>
    Patch,

    /// <summary>Redis pub/sub <c>task:{id}:status</c>: says <c>completed</c> even where the run failed.</summary>
    StatusChannel,

    /// <summary>The Redis stream <c>task_events</c>.</summary>
    EventStream,
}
