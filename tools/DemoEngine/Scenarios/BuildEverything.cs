using System.Text;

namespace GrooteDashboard.DemoEngine.Scenarios;

/// <summary>A build whose log has a few thousand lines, in bursts.</summary>
internal sealed class BuildEverything : Scenario
{
    private static readonly string[] Modules =
        ["core", "net", "storage", "codec", "scheduler", "auth", "ledger", "search", "gateway", "metrics", "replication", "cli"];

    public override string Name => "build-everything";
    public override int Weight => 2;
    public override IReadOnlyList<string> Keywords => ["build", "compile", "release"];

    public override Script Write(Dice dice)
    {
        var version = $"{dice.Int(2, 6)}.{dice.Int(0, 30)}.{dice.Int(0, 9)}";
        return Compose(
            dice, Model.Haiku, "executor", Subject.Dashboard(dice, "acme/engine"),
            $"Make a release build of acme/engine {version} with all modules and tell me about new warnings.", Steps(dice, version));
    }

    private static IEnumerable<Step> Steps(Dice dice, string version)
    {
        var units = dice.Int(2_400, 4_200);
        var warnings = 0;
        yield return new Think("A clean build with all warnings on.", dice.Between(1, 3));
        yield return Bash(dice, $"cmake --preset release -DVERSION={version} && ninja -C out/release", 2);
        yield return Line($"-- The CXX compiler identification is GNU {dice.Int(12, 15)}.2.0", 1);
        yield return Line("-- Configuring done\n-- Generating done\n-- Build files have been written to: /app/out/release", 1);

        var burst = new StringBuilder();
        for (var unit = 1; unit <= units;)
        {
            // The compiler finishes many units at once, then none for a while.
            for (var left = dice.Int(1, 45); left > 0 && unit <= units; left--, unit++)
            {
                var file = $"src/{dice.Pick<string>(Modules)}/{dice.Pick("queue", "page", "frame", "index", "lease", "codec", "pool")}_{dice.Hex(4)}.cc";
                burst.Append(Ansi.Dim($"[{unit}/{units}]")).Append(" Building CXX object ").Append(file).Append(".o\n");
                if (!dice.Chance(0.006))
                    continue;

                warnings++;
                burst.Append(Ansi.Bold($"{file}:{dice.Int(10, 900)}:{dice.Int(3, 60)}: ")).Append(Ansi.Magenta("warning: "))
                    .Append("comparison of integer expressions of different signedness [")
                    .Append(Ansi.Magenta("-Wsign-compare")).Append("]\n");
            }

            yield return new Output(burst.ToString(), dice.Between(0.05, 1.4));
            burst.Clear();
        }

        yield return Line($"[{units}/{units}] Linking CXX executable {Ansi.Green("out/release/engine")}", 3);
        yield return new ToolResult($"{units} units built, {warnings} warnings");
        yield return new Think("The warnings are all of one kind; none is in a file of this release.", dice.Between(3, 8));
        yield return new Conclude($"acme/engine {version} is built: {units} units, {warnings} warnings, all -Wsign-compare.\n");
    }
}
