using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Tasks.Contracts;

/// <summary>A place where something was found.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Status">Its status.</param>
/// <param name="AssignedAgent">Its agent.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="CreatedAt">When it was registered.</param>
/// <param name="InputMessage">What it was asked; the first 200 characters.</param>
/// <param name="Field">input, output, result or error.</param>
/// <param name="Offset">In output: the entry of the log in which the line starts.</param>
/// <param name="Line">In output: the line's place among those that start in that entry, from 0.</param>
/// <param name="Address">In output: the line's name in links (<c>?line=L120.3</c>).</param>
/// <param name="Kind">In output: its kind.</param>
/// <param name="Timestamp">In output: when it was written.</param>
/// <param name="Snippet">The line, or a piece of it. Text, never HTML.</param>
/// <param name="Ranges">Start and end of what was found in the snippet, in UTF-16 units.</param>
public sealed record TaskSearchHit(
    string TaskId,
    AgentTaskStatus Status,
    string? AssignedAgent,
    string Source,
    DateTimeOffset CreatedAt,
    string InputMessage,
    string Field,
    long? Offset,
    int? Line,
    string? Address,
    string? Kind,
    DateTimeOffset? Timestamp,
    string Snippet,
    IReadOnlyList<int[]> Ranges);

/// <param name="Items">Newest first.</param>
/// <param name="Last">The place of the last one; the search goes on before it. Null where there is nothing more.</param>
/// <param name="Complete">False where time ran out: what is older was not searched.</param>
public sealed record TaskSearchHits(IReadOnlyList<TaskSearchHit> Items, long? Last, bool Complete);

/// <param name="Items">Newest first.</param>
/// <param name="Next">What <c>after</c> must say to go on; null at the end, and after the newest 1,000.</param>
/// <param name="Complete">False where time ran out: what is older was not searched; going on searches it.</param>
public sealed record TaskSearchPage(IReadOnlyList<TaskSearchHit> Items, string? Next, bool Complete);
