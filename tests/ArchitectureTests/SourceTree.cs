namespace GrooteDashboard.ArchitectureTests;

/// <summary>A file of the repository.</summary>
/// <param name="Path">Its path from the root, with slashes.</param>
/// <param name="Text">What it holds.</param>
internal sealed record SourceFile(string Path, string Text)
{
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    public string Folder => Path.Contains('/', StringComparison.Ordinal) ? Path[..Path.LastIndexOf('/')] : "";
}

/// <summary>The repository as it lies on the disk, without what builds and runs leave in it.</summary>
internal static class SourceTree
{
    private static readonly HashSet<string> NotOurs =
        [".git", ".data", "artifacts", "bin", "obj", "node_modules", "dist", "wwwroot", "TestResults", "screenshots", "results", ".vs", ".vscode", ".idea"];

    public static DirectoryInfo Root { get; } = FindRoot();

    /// <summary>Every text file.</summary>
    public static IReadOnlyList<SourceFile> Files { get; } = [.. Walk(Root).Select(Read).OfType<SourceFile>()];

    public static IEnumerable<SourceFile> CSharp(params string[] folders) =>
        Files.Where(file => file.Name.EndsWith(".cs", StringComparison.Ordinal) && folders.Any(folder => file.Path.StartsWith(folder + "/", StringComparison.Ordinal)));

    public static IEnumerable<SourceFile> Projects => Files.Where(file => file.Name.EndsWith(".csproj", StringComparison.Ordinal));

    public static SourceFile File(string path) => Files.Single(file => file.Path == path);

    private static DirectoryInfo FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!System.IO.File.Exists(Path.Combine(folder.FullName, "GrooteDashboard.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The tests do not run inside of the repository.");
        }

        return folder;
    }

    private static IEnumerable<FileInfo> Walk(DirectoryInfo folder) => folder.EnumerateFiles()
        .Where(file => file.Name != ".git")
        .Concat(folder.EnumerateDirectories().Where(child => !NotOurs.Contains(child.Name) && child.LinkTarget is null).SelectMany(Walk));

    private static SourceFile? Read(FileInfo file)
    {
        var text = System.IO.File.ReadAllText(file.FullName);
        return text.Contains('\0') ? null : new SourceFile(Path.GetRelativePath(Root.FullName, file.FullName).Replace('\\', '/'), text);
    }
}
