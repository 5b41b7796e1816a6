namespace GrooteDashboard.DemoEngine.Scenarios;

internal static class ScenarioCatalog
{
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new FixFailingTest(),
        new ReviewPullRequest(),
        new TriageTicket(),
        new AnswerQuestion(),
        new UpgradeDependencies(),
        new RunMigration(),
        new BuildEverything(),
        new ThinkItOver(),
    ];

    public static Scenario Named(string name) => All.Single(scenario => scenario.Name == name);

    public static Scenario Pick(Dice dice) => Pick(dice, [.. All]);

    public static Scenario PickForHistory(Dice dice) => Pick(dice, [.. All.Where(scenario => scenario.FitsHistory)]);

    /// <summary>What a prompt asks for, as far as its words tell.</summary>
    public static Scenario For(string prompt, Dice dice) =>
        All.FirstOrDefault(scenario => scenario.Keywords.Any(word => prompt.Contains(word, StringComparison.OrdinalIgnoreCase)))
        ?? Pick(dice);

    /// <summary>With the migration that fails anyway, about 8 of 100 tasks fail.</summary>
    public static Outcome PickOutcome(Dice dice) => dice.Between(0, 100) switch
    {
        < 1.5 => Outcome.Raises,
        < 3 => Outcome.Unsuccessful,
        _ => Outcome.AsWritten,
    };

    private static Scenario Pick(Dice dice, Scenario[] scenarios)
    {
        var ticket = dice.Int(1, scenarios.Sum(scenario => scenario.Weight));
        foreach (var scenario in scenarios)
        {
            ticket -= scenario.Weight;
            if (ticket <= 0)
                return scenario;
        }

        throw new InvalidOperationException("No scenario has a weight.");
    }
}
