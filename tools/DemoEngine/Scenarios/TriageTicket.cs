using System.Text.Json.Nodes;

namespace GrooteDashboard.DemoEngine.Scenarios;

/// <summary>Sort a new Jira ticket, and ask a person before closing it as a duplicate.</summary>
internal sealed class TriageTicket : Scenario
{
    private static readonly (string Title, string Component, string Cause)[] Tickets =
    [
        ("Checkout hangs for customers with more than 50 saved addresses", "checkout", "the address list is loaded without paging"),
        ("CSV export contains the header twice", "reporting", "the header is written per chunk"),
        ("Password reset mail arrives after its link has expired", "identity", "the mail queue shares a worker with the newsletter"),
        ("Search finds nothing for words with an apostrophe", "search", "the analyser splits at the apostrophe, the query does not"),
    ];

    public override string Name => "triage-ticket";
    public override int Weight => 2;
    public override IReadOnlyList<string> Keywords => ["triage", "ticket", "jira"];

    public override Script Write(Dice dice)
    {
        var (title, component, cause) = Tickets[dice.Int(0, Tickets.Length - 1)];
        var number = dice.Int(300, 1900);
        var key = $"SHOP-{number}";
        return Compose(
            dice, Model.Sonnet, "planning", Subject.Jira(key, "jira:issue_created"),
            $"@agent triage {key}: {title}", Steps(dice, key, number, title, component, cause));
    }

    private static IEnumerable<Step> Steps(Dice dice, string key, int number, string title, string component, string cause)
    {
        var older = $"SHOP-{number - dice.Int(20, 200)}";
        yield return new Think($"I read {key} and look for older tickets with the same symptom.", dice.Between(2, 5));
        yield return Call(dice, "mcp__jira__get_issue", new JsonObject { ["issue_key"] = key }, dice.Between(1, 2));
        yield return new ToolResult($"{{\"key\":\"{key}\",\"summary\":\"{title}\",\"status\":\"Open\",\"priority\":null}}");
        yield return Line($"{Ansi.Cyan(key)}  {title}", 1);
        yield return Call(
            dice, "mcp__jira__search", new JsonObject { ["jql"] = $"component = {component} AND created > -180d ORDER BY created DESC" }, dice.Between(1, 3));
        var hits = dice.Int(4, 19);
        yield return new ToolResult($"{{\"total\": {hits}}}");
        for (var i = 0; i < hits; i++)
            yield return Line($"  {Ansi.Dim($"SHOP-{number - dice.Int(10, 290)}")} similarity 0.{dice.Int(11, 62)}", 0.4);
        yield return Line($"  {Ansi.Yellow(older)} similarity 0.{dice.Int(88, 97)}", 1);
        yield return new Think($"{older} describes the same thing: {cause}. I should not close a ticket without a person's word.", dice.Between(4, 9));

        var ask = new Ask(
            $"{key} looks like a duplicate of {older} ({cause}). Close it as a duplicate? [y/N]\n",
            "I leave it open and link the two.",
            dice.Between(45, 120));
        yield return ask;

        var close = ask.Answer?.TrimStart().StartsWith("y", StringComparison.OrdinalIgnoreCase) == true;
        yield return new Think(close ? "Confirmed." : "Then it stays open, linked to the older one.", dice.Between(1, 3));
        yield return Call(
            dice, "mcp__jira__update_issue",
            new JsonObject { ["issue_key"] = key, ["component"] = component, ["priority"] = "High", ["link"] = older, ["close"] = close },
            dice.Between(1, 3));
        yield return new ToolResult("{\"ok\":true}");
        yield return Line($"{Ansi.Green("✔")} component {component}, priority High, linked to {older}{(close ? ", closed" : "")}", 0.5);
        yield return new Conclude(
            $"{key}: component {component}, priority High, {(close ? $"closed as a duplicate of {older}" : $"linked to {older} and left open")}. Likely cause: {cause}.\n");
    }
}
