using System.Text.RegularExpressions;

namespace GrooteDashboard.ArchitectureTests;

/// <summary>The same feature, the same place, in every layer.</summary>
public sealed partial class FolderTests
{
    private static readonly string[] Common = [.. Layers.Features, "Common"];

    /// <summary>The folders below a folder. Domain and Application go by feature; Infrastructure and Api by technology first.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["src"] = ["Domain", "Application", "Infrastructure", "Api", "Web", "HostAgent"],
        ["src/Domain"] = Common,
        ["src/Application"] = Common,
        ["src/Infrastructure"] = ["Files", "Persistence", "Redis", "Upstream", "Security"],
        ["src/Infrastructure/Persistence"] = ["Configurations", "Migrations", "Readers", "Repositories", "Rollups", "Search"],
        ["src/Infrastructure/Persistence/Configurations"] = Common,
        ["src/Api"] = ["Auth", "Endpoints", "Errors", "Hosting", "Json", "Realtime"],
        ["tests/UnitTests/Domain"] = Common,
        ["tests/UnitTests/Application"] = Common,
    };

    [TestCaseSource(nameof(Allowed))]
    public void A_folder_has_the_name_of_a_feature(KeyValuePair<string, string[]> rule)
    {
        var folders = SourceTree.Files.Select(file => file.Folder).Distinct();

        Assert.That(Strange(folders, rule.Key, rule.Value), Is.Empty);
    }

    [Test]
    public void A_namespace_is_the_folder() => Assert.That(Misplaced(SourceTree.CSharp("src", "tests", "tools")), Is.Empty);

    [Test]
    public void An_offender_is_found() => Assert.Multiple(() =>
    {
        Assert.That(
            Strange(["src/Domain/Tasks", "src/Domain/Jobs/Inner", "src/Domain/tasks", "src/Domain", "src/Api/Jobs"], "src/Domain", Common),
            Is.EqualTo(new[] { "Jobs", "tasks" }));
        Assert.That(
            Misplaced(
            [
                new SourceFile("src/Api/Program.cs", "await app.RunAsync();"),
                new SourceFile("src/Domain/Tasks/Fine.cs", "using System;\nnamespace GrooteDashboard.Domain.Tasks;\n"),
                new SourceFile("src/Domain/Tasks/Wrong.cs", "namespace GrooteDashboard.Domain;\n"),
                new SourceFile("tests/UnitTests/Block.cs", "namespace GrooteDashboard.UnitTests\n{\n}\n"),
                new SourceFile("tests/UnitTests/None.cs", "// namespace GrooteDashboard.UnitTests;\nclass None;"),
            ]),
            Is.EqualTo(new[] { "src/Domain/Tasks/Wrong.cs", "tests/UnitTests/Block.cs", "tests/UnitTests/None.cs" }));
    });

    private static IEnumerable<string> Strange(IEnumerable<string> folders, string parent, string[] allowed) => folders
        .Where(folder => folder.StartsWith(parent + "/", StringComparison.Ordinal))
        .Select(folder => folder[(parent.Length + 1)..].Split('/')[0])
        .Distinct()
        .Where(name => !allowed.Contains(name));

    private static IEnumerable<string> Misplaced(IEnumerable<SourceFile> files) =>
        from file in files
        // Top-level statements have no namespace.
        where file.Name != "Program.cs"
        let expected = "GrooteDashboard." + file.Folder[(file.Folder.IndexOf('/', StringComparison.Ordinal) + 1)..].Replace('/', '.')
        let declared = FileScopedNamespace().Matches(CSharpText.Strip(file.Text)).Select(match => match.Groups[1].Value).ToList()
        where declared is not [var only] || only != expected
        select file.Path;

    [GeneratedRegex(@"^namespace\s+([\w.]+)\s*;", RegexOptions.Multiline)]
    private static partial Regex FileScopedNamespace();
}
