using System.Text.RegularExpressions;

namespace GrooteDashboard.ArchitectureTests;

/// <summary>What no source may say.</summary>
public sealed partial class SourceTests
{
    /// <summary>Where an id or a chance is not an argument all the same, and why.</summary>
    private static readonly Dictionary<string, string> Allowed = new()
    {
        ["src/Application/Realtime/Log/TaskLog.cs: Guid.NewGuid"] =
            "The epoch of the channels names this process: it must differ from every other, and nothing is decided by it.",
        ["src/Application/Realtime/Ingest/Backoff.cs: Random.Shared"] =
            "Jitter: processes that were cut off together must not come back together, and nothing is decided by it.",
    };

    [Test]
    public void Time_and_ids_are_arguments_in_domain_and_application() =>
        Assert.That(
            Found(SourceTree.CSharp("src/Domain", "src/Application"), ClockOrChance()), Is.EquivalentTo(Allowed.Keys),
            "each is on the list of exceptions, and the list names no other");

    [Test]
    public void Time_comes_from_the_time_provider_everywhere() => Assert.That(Found(SourceTree.CSharp("src"), Clock()), Is.Empty);

    [Test]
    public void Nothing_sleeps() => Assert.That(Found(SourceTree.CSharp("src"), Sleep()), Is.Empty);

    /// <summary>A load generator keeps its pace by the clock; that is no test.</summary>
    [Test]
    public void No_test_sleeps() => Assert.That(
        Found(SourceTree.CSharp("tests").Where(file => !file.Path.StartsWith("tests/Performance/", StringComparison.Ordinal)), Sleep()), Is.Empty);

    [Test]
    public void Nothing_is_left_to_be_done() => Assert.That(
        SourceTree.CSharp("src", "tests", "tools").Where(file => Unfinished().IsMatch(file.Text)).Select(file => file.Path), Is.Empty);

    [TestCase("var a = DateTime.Now;", "DateTime.Now")]
    [TestCase("var a = System.DateTime.UtcNow;", "DateTime.UtcNow")]
    [TestCase("var a = DateTimeOffset.Now;", "DateTimeOffset.Now")]
    [TestCase("var a = DateTimeOffset\n  .UtcNow;", "DateTimeOffset.UtcNow")]
    [TestCase("var a = DateTime.Today;", "DateTime.Today")]
    [TestCase("var a = Guid.NewGuid();", "Guid.NewGuid")]
    [TestCase("var a = Guid.CreateVersion7();", "Guid.CreateVersion7()")]
    [TestCase("var a = Random.Shared.Next();", "Random.Shared")]
    [TestCase("var a = $\"{DateTime.UtcNow}\";", "DateTime.UtcNow")]
    public void A_clock_or_a_chance_is_found(string code, string what) =>
        Assert.That(Found([new SourceFile("a.cs", code)], ClockOrChance()), Is.EqualTo(new[] { $"a.cs: {what}" }));

    [TestCase("// DateTime.Now")]
    [TestCase("var a = \"DateTime.Now\";")]
    [TestCase("var a = time.GetUtcNow();")]
    [TestCase("var a = Guid.CreateVersion7(time.GetUtcNow());")]
    public void What_only_looks_like_one_is_not(string code) => Assert.That(Found([new SourceFile("a.cs", code)], ClockOrChance()), Is.Empty);

    [Test]
    public void A_sleep_is_found() => Assert.That(
        Found([new SourceFile("a.cs", "Thread.Sleep(5);"), new SourceFile("b.cs", "// Thread.Sleep(5)")], Sleep()), Is.EqualTo(new[] { "a.cs: Thread.Sleep" }));

    [Test]
    public void A_note_to_do_something_is_found() => Assert.That(Unfinished().IsMatch("// " + "TO" + "DO: later"), Is.True);

    private static IEnumerable<string> Found(IEnumerable<SourceFile> files, Regex forbidden) =>
        from file in files
        from match in forbidden.Matches(CSharpText.Strip(file.Text))
        select $"{file.Path}: {Blank().Replace(match.Value, "")}";

    [GeneratedRegex(@"\bDateTime(Offset)?\s*\.\s*(Now|UtcNow|Today)\b|\bGuid\s*\.\s*NewGuid\b|\bGuid\s*\.\s*CreateVersion7\s*\(\s*\)|\bRandom\s*\.\s*Shared\b|\bnew\s+Random\b")]
    private static partial Regex ClockOrChance();

    [GeneratedRegex(@"\bDateTime(Offset)?\s*\.\s*(Now|UtcNow|Today)\b")]
    private static partial Regex Clock();

    [GeneratedRegex(@"\bThread\s*\.\s*Sleep\b")]
    private static partial Regex Sleep();

    [GeneratedRegex(@"\b(T[O]DO|F[I]XME|H[A]CK|X[X]X)\b")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blank();
}
