using System.Text.Json.Nodes;

namespace GrooteDashboard.DemoEngine.Scenarios;

/// <summary>Read a pull request's diff and comment on it.</summary>
internal sealed class ReviewPullRequest : Scenario
{
    private static readonly Change[] Changes =
    [
        new(
            "src/cache/session_store.ts",
            ["const sessions = new Map<string, Session>();", "export function get(id: string) { return sessions.get(id); }"],
            [
                "const sessions = new LruCache<string, Session>({ max: 10_000 });",
                "export async function get(id: string) {",
                "  return sessions.get(id) ?? await load(id);",
                "}",
            ],
            "Two requests for the same missing session both call load(). Keep the promise in the cache instead of its result."),
        new(
            "src/api/export.py",
            ["rows = db.execute(QUERY).fetchall()", "return Response(to_csv(rows))"],
            ["def lines():", "    for row in db.execute(QUERY):", "        yield to_csv_line(row)", "return StreamingResponse(lines())"],
            "The connection goes back to the pool when the handler returns, while the generator still reads from it."),
        new(
            "Orders/OrderService.cs",
            ["var order = await repository.Get(id);"],
            ["var order = await repository.Get(id, cancellationToken);", "if (order is null) return Result.NotFound();"],
            "Good. Please pass the token to SaveChanges below as well."),
        new(
            "deploy/helm/values.yaml",
            ["  memory: 512Mi"],
            ["  memory: 2Gi", "  cpu: \"1\""],
            "A CPU limit of 1 throttles the start; a request without a limit does what the description asks for."),
        new(
            "web/src/hooks/useTasks.ts",
            ["useEffect(() => { load(); }, []);"],
            ["useEffect(() => { load(); }, [filter]);"],
            "An answer to an older filter can arrive after the newer one. Abort the previous request in the clean-up."),
    ];

    public override string Name => "review-pull-request";
    public override int Weight => 4;
    public override IReadOnlyList<string> Keywords => ["review", "pull request", "diff"];
    public override bool FitsHistory => true;

    public override Script Write(Dice dice)
    {
        var repository = dice.Pick("acme/storefront", "acme/payments-api", "acme/booking", "acme/platform");
        var number = dice.Int(100, 2400);
        return Compose(
            dice, dice.Pick(Model.Sonnet, Model.Opus), "reviewer", Subject.GitHub(repository, number, "pull_request.review_requested"),
            $"@agent review {repository}#{number}. Look at correctness first, style last.",
            Steps(dice, repository, number));
    }

    private static IEnumerable<Step> Steps(Dice dice, string repository, int number)
    {
        var files = dice.Int(2, 4);
        var first = dice.Int(0, Changes.Length - 1);
        var remarks = 0;
        yield return new Think("First the diff as a whole, to see what the change wants.", dice.Between(1, 3));
        yield return Bash(dice, $"gh pr diff {number} --color always", 2);
        for (var i = 0; i < files; i++)
        {
            var change = Changes[(first + i) % Changes.Length];
            var line = dice.Int(8, 160);
            yield return Line(Ansi.Bold($"diff --git a/{change.File} b/{change.File}"), 0.1);
            yield return Line(Ansi.Bold($"index {dice.Hex(7)}..{dice.Hex(7)} 100644"), 0.1);
            yield return Line(Ansi.Cyan($"@@ -{line},{change.Before.Length + 4} +{line},{change.After.Length + 4} @@"), 0.1);
            foreach (var before in change.Before)
                yield return Line(Ansi.Red("-" + before), 0.1);
            foreach (var after in change.After)
                yield return Line(Ansi.Green("+" + after), 0.1);
        }

        yield return new ToolResult($"{files} files changed, +{files * dice.Int(4, 30)} -{files * dice.Int(1, 12)}");
        for (var i = 0; i < files; i++)
        {
            var change = Changes[(first + i) % Changes.Length];
            yield return Read(dice, change.File, 1);
            yield return new ToolResult(string.Join('\n', change.After));
            yield return new Think(change.Remark, dice.Between(4, 12));
            if (dice.Chance(0.75))
            {
                remarks++;
                yield return Line($"{Ansi.Yellow("●")} {Ansi.Bold(change.File)}\n  {change.Remark}", 1);
            }
            else
            {
                yield return Line($"{Ansi.Green("✔")} {change.File}", 1);
            }
        }

        var verdict = remarks > 1 ? "request changes" : "approve";
        yield return Call(
            dice, "mcp__github__add_issue_comment",
            new JsonObject { ["owner"] = "acme", ["repo"] = repository[5..], ["issue_number"] = number, ["body"] = $"{remarks} remarks, see the files." },
            2);
        yield return new ToolResult($"{{\"id\": {dice.Int(1_900_000_000, 2_100_000_000)}}}");
        yield return new Conclude(
            $"Reviewed {files} files of {repository}#{number}: {remarks} {(remarks == 1 ? "remark" : "remarks")}. My verdict: {verdict}.\n");
    }

    private sealed record Change(string File, string[] Before, string[] After, string Remark);
}
