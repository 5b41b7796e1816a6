namespace GrooteDashboard.DemoEngine.Scenarios;

/// <summary>Upgrade npm packages: a lot of short lines, bars that write over themselves, sometimes a question.</summary>
internal sealed class UpgradeDependencies : Scenario
{
    private static readonly string[] Packages =
        ["react", "vite", "typescript", "zod", "eslint", "vitest", "date-fns", "axios", "tailwindcss", "playwright-core", "postcss", "esbuild"];

    public override string Name => "upgrade-dependencies";
    public override int Weight => 2;
    public override IReadOnlyList<string> Keywords => ["upgrade", "dependenc", "npm"];

    public override Script Write(Dice dice)
    {
        var repository = dice.Pick("acme/storefront", "acme/admin-ui", "acme/design-system");
        return Compose(
            dice, Model.Sonnet, "executor", Subject.Dashboard(dice, repository),
            $"Upgrade the npm packages of {repository} to their newest minor versions and see that build and tests still pass.",
            Steps(dice, repository));
    }

    private static IEnumerable<Step> Steps(Dice dice, string repository)
    {
        var major = dice.Pick<string>(Packages);
        var from = dice.Int(3, 17);
        yield return new Think("What is outdated?", dice.Between(1, 3));
        yield return Bash(dice, "npm outdated", 3);
        yield return Line(Ansi.Bold("Package            Current   Wanted    Latest"));
        foreach (var package in Packages)
        {
            var (release, minor) = (package == major ? from : dice.Int(1, 9), dice.Int(0, 20));
            var wanted = $"{release}.{minor + dice.Int(1, 6)}.{dice.Int(0, 9)}";
            var latest = package == major ? $"{from + 1}.{dice.Int(0, 3)}.0" : wanted;
            yield return Line($"{Ansi.Red($"{package,-18}")} {$"{release}.{minor}.{dice.Int(0, 9)}",-9} {Ansi.Green($"{wanted,-9}")} {latest}", 0.1);
        }

        yield return new ToolResult($"{Packages.Length} packages are outdated");

        yield return Bash(dice, "npm update", 1);
        foreach (var step in Progress("reify: fetching", dice, dice.Between(12, 30)))
            yield return step;
        for (var i = 0; i < dice.Int(3, 7); i++)
            yield return Line($"npm {Ansi.Yellow("warn")} deprecated {dice.Pick("glob", "inflight", "rimraf", "source-map", "har-validator")}@{dice.Int(1, 8)}.{dice.Int(0, 9)}.{dice.Int(0, 9)}: no longer supported", 0.5);
        yield return Line($"\nadded {dice.Int(2, 40)} packages, removed {dice.Int(1, 20)} packages, changed {dice.Int(80, 300)} packages, and audited {dice.Int(900, 1500)} packages in {dice.Int(14, 40)}s", 1);
        yield return Line($"found {Ansi.Green("0")} vulnerabilities", 1);
        yield return new ToolResult("found 0 vulnerabilities");

        var withMajor = false;
        if (dice.Chance(0.4))
        {
            var ask = new Ask(
                $"{major} {from} → {from + 1} is a major version with breaking changes. Upgrade it as well? [y/N]\n", "I stay with minor versions.", dice.Between(40, 90));
            yield return ask;
            withMajor = ask.Answer?.TrimStart().StartsWith("y", StringComparison.OrdinalIgnoreCase) == true;
        }

        if (withMajor)
        {
            yield return Bash(dice, $"npm install {major}@{from + 1}", 4);
            yield return Line($"changed {dice.Int(2, 9)} packages in {dice.Int(3, 8)}s", 1);
            yield return new ToolResult("ok");
        }

        yield return Bash(dice, "npm run build && npm test", 2);
        yield return Line($"{Ansi.Cyan("vite v7.1.4")} {Ansi.Green("building for production...")}", 1);
        var modules = dice.Int(700, 2600);
        for (var done = 0; done < modules; done += dice.Int(90, 260))
            yield return new Output($"\rtransforming ({done}) {Ansi.Dim($"src/features/{dice.Hex(6)}.tsx")}", 0.3);
        yield return Line($"\r{Ansi.Green("✓")} {modules} modules transformed.                    ", 1);
        foreach (var chunk in (string[])["index", "vendor", "charts", "editor"])
            yield return Line($"{Ansi.Dim("dist/")}assets/{chunk}-{dice.Hex(8)}.js   {dice.Int(20, 480),4}.{dice.Int(10, 99)} kB {Ansi.Dim($"│ gzip: {dice.Int(8, 140),3}.{dice.Int(10, 99)} kB")}", 0.2);
        var tests = dice.Int(40, 120);
        for (var i = 0; i < 14; i++)
            yield return Line($" {Ansi.Green("✓")} src/features/{dice.Pick("cart", "search", "login", "orders", "profile")}/{dice.Hex(5)}.test.tsx {Ansi.Dim($"({dice.Int(2, 15)} tests)")} {dice.Int(9, 480)}ms", dice.Between(0.4, 1.6));
        yield return Line($" {Ansi.Bold("Tests")}  {Ansi.Green($"{tests} passed")} ({tests})");
        yield return new ToolResult($"Tests  {tests} passed ({tests})");
        yield return new Conclude(
            $"{Packages.Length} packages of {repository} are on their newest minor version{(withMajor ? $", {major} on {from + 1}" : "")}; build and {tests} tests pass.\n");
    }
}
