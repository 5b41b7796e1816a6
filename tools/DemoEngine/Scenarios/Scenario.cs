using System.Text.Json.Nodes;

namespace GrooteDashboard.DemoEngine.Scenarios;

/// <summary>A kind of work. Each <see cref="Write"/> is a variation of it.</summary>
internal abstract class Scenario
{
    public abstract string Name { get; }

    /// <summary>How often it is chosen, against the others.</summary>
    public abstract int Weight { get; }

    /// <summary>Words of a prompt that choose this scenario for queued work.</summary>
    public abstract IReadOnlyList<string> Keywords { get; }

    /// <summary>Waits for nobody and does not take minutes: fit to be played fast at the start.</summary>
    public virtual bool FitsHistory => false;

    public abstract Script Write(Dice dice);

    protected Script Compose(
        Dice dice, Model model, string agent, Subject subject, string inputMessage, IEnumerable<Step> steps) => new()
        {
            Scenario = Name,
            Model = model,
            ContextTokens = dice.Int(9_000, 16_000),
            LivePath = dice.Pick(LivePath.PubSub, LivePath.Stream),
            Source = subject.Source,
            SourceMetadata = subject.Metadata,
            FlowId = subject.FlowId,
            InputMessage = inputMessage,
            Agent = agent,
            BreakingPoint = dice.Int(4, 14),
            EngineError = dice.Int(0, 99),
            Steps = Open(model, agent, subject, steps),
        };

    protected static ToolCall Bash(Dice dice, string command, double seconds) =>
        new("Bash", new JsonObject { ["command"] = command }, dice.ToolUseId(), seconds);

    protected static ToolCall Read(Dice dice, string path, double seconds) =>
        new("Read", new JsonObject { ["file_path"] = "/app/" + path }, dice.ToolUseId(), seconds);

    protected static ToolCall Grep(Dice dice, string pattern, double seconds) =>
        new("Grep", new JsonObject { ["pattern"] = pattern, ["path"] = "/app", ["output_mode"] = "content" }, dice.ToolUseId(), seconds);

    protected static ToolCall Edit(Dice dice, string path, string before, string after, double seconds) =>
        new(
            "Edit",
            new JsonObject { ["file_path"] = "/app/" + path, ["old_string"] = before, ["new_string"] = after },
            dice.ToolUseId(),
            seconds);

    protected static ToolCall Call(Dice dice, string tool, JsonObject input, double seconds) => new(tool, input, dice.ToolUseId(), seconds);

    protected static Output Line(string text, double seconds = 0.2) => new(text + "\n", seconds);

    protected static IEnumerable<Step> Progress(string label, Dice dice, double seconds)
    {
        var percent = 0;
        while (percent < 100)
        {
            percent = Math.Min(100, percent + dice.Int(4, 11));
            yield return new Output(Ansi.Progress(label, percent), seconds / 13);
        }
    }

    private static IEnumerable<Step> Open(Model model, string agent, Subject subject, IEnumerable<Step> steps)
    {
        yield return new Output(Ansi.Dim($"{agent} · {model.Name} · {subject.FlowId}") + "\n", 0.3);
        foreach (var step in steps)
            yield return step;
    }
}
