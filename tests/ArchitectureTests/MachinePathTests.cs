using System.Text.RegularExpressions;

namespace GrooteDashboard.ArchitectureTests;

/// <summary>The repository works on every machine: no file names a path of one of them.</summary>
public sealed partial class MachinePathTests
{
    [Test]
    public void No_file_names_a_path_of_a_machine() => Assert.That(Found(SourceTree.Files), Is.Empty);

    [Test]
    public void An_offender_is_found()
    {
        // Put together here, so that this file itself names none.
        var paths = new[] { "work", "opt/nuget", "root", "home/anna" }.Select(path => $"\"/{path}/x\"").ToList();
        const string Folder = "work";
        var fine = new[] { $"src/{Folder}/x", "./root/x", $"/api/{Folder}/", "http://host/root", "/rooted/x" };

        Assert.That(
            Found([.. paths.Select((path, i) => new SourceFile($"{i}", path)), .. fine.Select(path => new SourceFile(path, path))]),
            Is.EqualTo(new[] { "0", "1", "2", "3" }));
    }

    private static IEnumerable<string> Found(IEnumerable<SourceFile> files) => files.Where(file => MachinePath().IsMatch(file.Text)).Select(file => file.Path);

    [GeneratedRegex(@"(?<![\w./-])/(work|opt/nuget|root|home/\w+)/")]
    private static partial Regex MachinePath();
}
