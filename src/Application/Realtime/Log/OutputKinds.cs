using System.Collections.Frozen;

namespace GrooteDashboard.Application.Realtime.Log;

/// <summary>The kinds of output in a task's log.</summary>
public static class OutputKinds
{
    public const string Output = "output";
    public const string Thinking = "thinking";
    public const string ToolCall = "tool_call";
    public const string ToolResult = "tool_result";
    public const string System = "system";

    public static FrozenSet<string> All { get; } = new[] { Output, Thinking, ToolCall, ToolResult, System }.ToFrozenSet(StringComparer.Ordinal);
}
