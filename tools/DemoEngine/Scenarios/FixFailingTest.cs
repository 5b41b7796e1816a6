using System.Globalization;

namespace GrooteDashboard.DemoEngine.Scenarios;

/// <summary>A test fails in CI: reproduce it, find out why, fix it, run everything again.</summary>
internal sealed class FixFailingTest : Scenario
{
    private static readonly Bug[] Bugs =
    [
        new(
            "acme/payments-api", "Payments", "InvoiceTests.Total_includes_tax_of_every_line", "src/Payments/Invoices/Invoice.cs",
            "Expected: 119.00m\n     But was: 118.99m",
            "The tax is rounded per line and then summed, but the test (and the law) round the sum once.",
            "lines.Sum(l => Math.Round(l.Net * TaxRate, 2))", "Math.Round(lines.Sum(l => l.Net * TaxRate), 2, MidpointRounding.AwayFromZero)"),
        new(
            "acme/booking", "Booking", "CalendarTests.A_slot_on_the_day_of_the_clock_change_lasts_an_hour", "src/Booking/Calendar/Slot.cs",
            "Expected: 01:00:00\n     But was: 02:00:00",
            "The end of the slot is computed on local time, which jumps on that day.",
            "new Slot(start, start.LocalDateTime.AddHours(1))", "new Slot(start, start.ToUniversalTime().AddHours(1))"),
        new(
            "acme/warehouse", "Warehouse", "ReservationTests.Two_buyers_cannot_reserve_the_last_item", "src/Warehouse/Stock/Reservation.cs",
            "Expected: exactly one success\n     But was: 2",
            "The quantity is read before the lock is taken, so both buyers see 1.",
            "if (stock.Quantity > 0)\n    await using var _ = await locks.TakeAsync(stock.Id);",
            "await using var _ = await locks.TakeAsync(stock.Id);\nif (stock.Quantity > 0)"),
    ];

    private static readonly string[] PythonTests =
        ["tests/test_parser.py", "tests/test_scheduler.py", "tests/test_webhooks.py", "tests/unit/test_retry.py", "tests/unit/test_tokens.py"];

    public override string Name => "fix-failing-test";
    public override int Weight => 4;
    public override IReadOnlyList<string> Keywords => ["test", "fix", "bug"];
    public override bool FitsHistory => true;

    public override Script Write(Dice dice)
    {
        var number = dice.Int(40, 900);
        if (dice.Chance(0.4))
        {
            var file = dice.Pick<string>(PythonTests);
            var subject = Subject.GitHub("acme/agent-tools", number, "issue_comment.created");
            return Compose(
                dice, Model.Sonnet, "code_implementation", subject,
                $"@agent fix: {file} has been red on main since yesterday, see the last CI run. Please fix it and open a PR.",
                Python(dice, file, number));
        }

        var bug = dice.Pick<Bug>(Bugs);
        return Compose(
            dice, dice.Pick(Model.Sonnet, Model.Sonnet, Model.Opus), "code_implementation",
            Subject.GitHub(bug.Repository, number, "issue_comment.created"),
            $"@agent fix the failing test {bug.Test} and open a pull request. It failed in the nightly build.",
            DotNet(dice, bug, number));
    }

    private static IEnumerable<Step> DotNet(Dice dice, Bug bug, int number)
    {
        var total = dice.Int(180, 420);
        yield return new Think($"Let me run {bug.Test} first and see it fail with my own eyes.", dice.Between(2, 5));
        yield return Bash(dice, $"dotnet test --filter {bug.Test}", 1);
        yield return Line("  Determining projects to restore...", 1);
        yield return Line("  All projects are up-to-date for restore.", 2);
        foreach (var project in (string[])[bug.Project, bug.Project + ".Tests"])
            yield return Line($"  {project} -> /app/artifacts/bin/{project}/debug/{project}.dll", dice.Between(1.5, 4));
        yield return Line($"Test run for /app/artifacts/bin/{bug.Project}.Tests/debug/{bug.Project}.Tests.dll (.NETCoreApp,Version=v10.0)", 1);
        yield return Line($"  {Ansi.Red("Failed")} {bug.Test} [{dice.Int(21, 90)} ms]");
        yield return Line(Ansi.Red("  Error Message:"));
        yield return Line(Ansi.Red("     " + bug.Message));
        yield return Line($"  Stack Trace:\n     at {bug.Project}.Tests.{bug.Test}() in /app/tests/{bug.Project}.Tests/{bug.TestClass}.cs:line {dice.Int(20, 190)}", 1);
        yield return Line($"{Ansi.Red("Failed!")}  - Failed:     1, Passed:     0, Skipped:     0, Total:     1");
        yield return new ToolResult($"Failed!  - Failed: 1, Passed: 0, Total: 1\n{bug.Message}", IsError: true);

        yield return new Think("Reproduced. Now the code under test.", dice.Between(2, 4));
        yield return Read(dice, bug.File, 1);
        yield return new ToolResult($"public sealed class {bug.TestClass[..^5]}\n{{\n    …\n    {bug.Before}\n    …\n}}");
        yield return new Think(bug.Cause, dice.Between(5, 14));
        yield return Edit(dice, bug.File, bug.Before, bug.After, 1);
        yield return Line(Ansi.Bold($"--- a/{bug.File}"));
        yield return Line(Ansi.Bold($"+++ b/{bug.File}"));
        foreach (var line in bug.Before.Split('\n'))
            yield return Line(Ansi.Red("-        " + line), 0.1);
        foreach (var line in bug.After.Split('\n'))
            yield return Line(Ansi.Green("+        " + line), 0.1);
        yield return new ToolResult($"The file /app/{bug.File} has been updated.");

        yield return new Think("Now all tests, to see that nothing else relied on the old behaviour.", dice.Between(1, 3));
        yield return Bash(dice, "dotnet test", 1);
        foreach (var step in Progress("  Running tests", dice, dice.Between(15, 45)))
            yield return step;
        yield return Line(
            $"{Ansi.Green("Passed!")}  - Failed:     0, Passed: {total,5}, Skipped:     2, Total: {total + 2,5}, Duration: {dice.Int(9, 31)} s");
        yield return new ToolResult($"Passed!  - Failed: 0, Passed: {total}, Skipped: 2, Total: {total + 2}");
        foreach (var step in OpenPullRequest(dice, bug.Repository, number))
            yield return step;
        yield return new Conclude(
            $"{bug.Test} passes again.\n\nCause: {bug.Cause}\n\nAll {total} tests pass. Pull request: https://github.com/{bug.Repository}/pull/{number + 1}\n");
    }

    private static IEnumerable<Step> Python(Dice dice, string file, int number)
    {
        var tests = dice.Int(14, 48);
        var broken = dice.Int(3, tests - 2);
        yield return new Think($"Running {file} alone.", dice.Between(1, 4));
        yield return Bash(dice, $"python -m pytest {file} --color=yes", 1);
        yield return Line(Ansi.Bold("============================= test session starts =============================="), 1);
        yield return Line($"platform linux -- Python 3.12.{dice.Int(1, 9)}, pytest-8.3.4, pluggy-1.5.0\nrootdir: /app\ncollected {tests} items\n", 1);
        yield return Line($"{file} {Dots(tests, broken)} {Ansi.Red("[100%]")}\n", dice.Between(3, 8));
        yield return Line("=================================== FAILURES ===================================");
        yield return Line(Ansi.Red(Ansi.Bold("_________________ test_gives_up_after_the_last_attempt _________________")));
        yield return Line($"    {Ansi.Blue("def")} {Ansi.Green("test_gives_up_after_the_last_attempt")}(clock):\n        policy = Retry(attempts={Ansi.Blue("3")})");
        yield return Line($">       {Ansi.Blue("assert")} policy.run(always_fails, clock) == Outcome.GAVE_UP");
        yield return Line(Ansi.Red("E       assert <Outcome.RETRY: 2> == <Outcome.GAVE_UP: 3>"));
        yield return Line($"\n{Ansi.Bold(Ansi.Red(file))}:{dice.Int(30, 200)}: AssertionError");
        yield return Line(Ansi.Red($"========================= 1 failed, {tests - 1} passed in {Seconds(dice)}s =========================="), 1);
        yield return new ToolResult($"1 failed, {tests - 1} passed\nE       assert <Outcome.RETRY: 2> == <Outcome.GAVE_UP: 3>", IsError: true);

        yield return new Think("The comparison is off by one: attempts are counted from 0 here and from 1 in the configuration.", dice.Between(5, 12));
        yield return Edit(dice, "agent_tools/retry.py", "if attempt > self.attempts:", "if attempt >= self.attempts:", 1);
        yield return Line(Ansi.Red("-        if attempt > self.attempts:"));
        yield return Line(Ansi.Green("+        if attempt >= self.attempts:"));
        yield return new ToolResult("The file /app/agent_tools/retry.py has been updated.");
        yield return Bash(dice, "python -m pytest --color=yes -q", 1);
        var percent = 0;
        while (percent < 100)
        {
            percent = Math.Min(100, percent + dice.Int(9, 16));
            yield return Line($"{Ansi.Green(new string('.', 60))} {Ansi.Green($"[{percent,3}%]")}", dice.Between(1, 4));
        }

        yield return Line($"{Ansi.Green($"{tests * 11} passed")} in {Seconds(dice)}s");
        yield return new ToolResult($"{tests * 11} passed");
        foreach (var step in OpenPullRequest(dice, "acme/agent-tools", number))
            yield return step;
        yield return new Conclude(
            $"{file} is green again: the retry policy counted attempts from 0 and gave up one attempt too late.\n\nAll {tests * 11} tests pass. Pull request: https://github.com/acme/agent-tools/pull/{number + 1}\n");
    }

    private static IEnumerable<Step> OpenPullRequest(Dice dice, string repository, int number)
    {
        yield return Bash(dice, $"git switch -c agent/fix-{number} && git commit -qam 'Fix #{number}' && gh pr create --fill", 2);
        yield return Line($"Switched to a new branch 'agent/fix-{number}'", 1);
        yield return Line($"[agent/fix-{number} {dice.Hex(7)}] Fix #{number}\n 1 file changed, {dice.Int(1, 6)} insertions(+), {dice.Int(1, 4)} deletions(-)", 2);
        yield return Line($"https://github.com/{repository}/pull/{number + 1}");
        yield return new ToolResult($"https://github.com/{repository}/pull/{number + 1}");
    }

    private static string Dots(int tests, int broken) =>
        Ansi.Green(new string('.', broken)) + Ansi.Red("F") + Ansi.Green(new string('.', tests - broken - 1));

    private static string Seconds(Dice dice) => dice.Between(2, 9).ToString("F2", CultureInfo.InvariantCulture);

    private sealed record Bug(
        string Repository, string Project, string Test, string File, string Message, string Cause, string Before, string After)
    {
        public string TestClass => Test[..Test.IndexOf('.', StringComparison.Ordinal)];
    }
}
