using System.Text.Json.Nodes;

namespace GrooteDashboard.DemoEngine.Scenarios;

/// <summary>One thing that an agent does. Seconds are what passes afterwards, at speed 1.</summary>
internal abstract record Step;

internal sealed record Think(string Text, double Seconds) : Step;

internal sealed record ToolCall(string Name, JsonObject Input, string ToolUseId, double Seconds) : Step;

/// <summary>The answer of the tool that was called last.</summary>
internal sealed record ToolResult(string Content, bool IsError = false) : Step;

/// <summary>Live output: whole lines, or a line that a carriage return will write over.</summary>
internal sealed record Output(string Text, double Seconds) : Step;

/// <summary>Waits for input; with no answer in time, <see cref="Fallback"/> says how the agent goes on.</summary>
internal sealed record Ask(string Question, string Fallback, double PatienceSeconds) : Step
{
    /// <summary>Set before the script goes on; null when nobody answered.</summary>
    public string? Answer { get; set; }
}

/// <summary>The last step. An error makes the run an unsuccessful one.</summary>
internal sealed record Conclude(string Summary, string? Error = null) : Step;

/// <summary>The run breaks off, as when the engine's own code raises.</summary>
internal sealed class RunBrokeOffException(string message) : Exception(message);
