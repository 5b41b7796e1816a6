using System.Text.Json.Nodes;

namespace GrooteDashboard.DemoEngine.Scenarios;

/// <summary>How a run ends when the scenario does not have its way.</summary>
internal enum Outcome
{
    AsWritten,
    Unsuccessful,
    Raises,
}

/// <summary>One variation of a scenario, ready to be played.</summary>
internal sealed record Script
{
    private static readonly string[] EngineErrors =
    [
        "Claude CLI exited with code 1: API Error: 529 {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
        "Task timed out after 3600 seconds",
        "Claude CLI exited with code 137 (out of memory)",
        "API Error: 400 prompt is too long: 204371 tokens > 200000 maximum",
        "[Errno 28] No space left on device: '/app/repos/.git/index.lock'",
    ];

    public required string Scenario { get; init; }
    public required Model Model { get; init; }
    public required int ContextTokens { get; init; }
    public required LivePath LivePath { get; init; }
    public required string Source { get; init; }
    public required JsonObject SourceMetadata { get; init; }
    public required string FlowId { get; init; }
    public required string InputMessage { get; init; }
    public required string Agent { get; init; }
    public required IEnumerable<Step> Steps { get; init; }

    /// <summary>Where the script leaves what was written, when it has to.</summary>
    public required int BreakingPoint { get; init; }
    public required int EngineError { get; init; }

    public Script With(Outcome outcome) => outcome == Outcome.AsWritten ? this : this with { Steps = BreakOff(outcome) };

    public AgentTask ToTask(string taskId) => new()
    {
        TaskId = taskId,
        Source = Source,
        SourceMetadata = SourceMetadata,
        InputMessage = InputMessage,
        AssignedAgent = Agent,
        FlowId = FlowId,
        MustBeRegistered = true,
    };

    private IEnumerable<Step> BreakOff(Outcome outcome)
    {
        foreach (var step in Steps.Take(BreakingPoint).TakeWhile(step => step is not (Conclude or Ask)))
            yield return step;

        var error = EngineErrors[EngineError % EngineErrors.Length];
        yield return new Output(Ansi.Red($"Error: {error}") + "\n", 0.2);
        if (outcome == Outcome.Raises)
            throw new RunBrokeOffException(error);

        yield return new Conclude("I could not finish this. What I had changed is on the branch, uncommitted.\n", error);
    }
}
