namespace GrooteDashboard.DemoEngine.Scenarios;

/// <summary>A design question: minutes of thought, hardly any output.</summary>
internal sealed class ThinkItOver : Scenario
{
    private static readonly string[] Thoughts =
    [
        "The two services share one table, and that is the real coupling. An API between them would only hide it.",
        "What would break first at ten times the load? The nightly job: it reads every row.",
        "An event per change is simple to add, but then somebody must decide what happens when an event is lost.",
        "Suppose the outbox is in the same transaction. Then nothing is lost, and the order per customer is that of the commits.",
        "The old reports join across both. They can read a replica until they are rewritten.",
        "The risky step is the switch of the writer. It can be done per tenant, with a way back for each.",
        "I should check who else writes this table. The importer does, twice a day.",
        "So: outbox first, then the replica for the reports, then the writer, tenant by tenant.",
    ];

    public override string Name => "think-it-over";
    public override int Weight => 1;
    public override IReadOnlyList<string> Keywords => ["design", "think", "plan"];

    public override Script Write(Dice dice)
    {
        var service = dice.Pick("billing", "inventory", "customer accounts", "pricing");
        return Compose(
            dice, Model.Opus, dice.Pick("planning", "consultation"), Subject.Jira($"ARCH-{dice.Int(10, 99)}", "jira:comment_created"),
            $"@agent how would you take {service} out of the monolith without a day of downtime? Think it through before you answer.",
            Steps(dice, service));
    }

    private static IEnumerable<Step> Steps(Dice dice, string service)
    {
        yield return new Think($"Taking {service} out. First what it touches.", dice.Between(6, 15));
        yield return Grep(dice, service.Replace(' ', '_'), 3);
        yield return new ToolResult($"{dice.Int(60, 400)} matches in {dice.Int(12, 60)} files");
        foreach (var thought in Thoughts)
            yield return new Think(thought, dice.Between(12, 34));
        yield return new Conclude(
            $"""
            How I would take {service} out:
            1. Outbox in the same transaction; other services follow it.
            2. Reports read a replica until they are rewritten.
            3. Move the writer tenant by tenant, each with a way back.
            The importer writes the same table twice a day and has to move first.

            """);
    }
}
