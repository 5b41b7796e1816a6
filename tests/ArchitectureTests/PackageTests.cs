using System.Xml.Linq;

namespace GrooteDashboard.ArchitectureTests;

/// <summary>Versions stand in one place, and only those that are used.</summary>
public sealed class PackageTests
{
    private static XDocument Versions => XDocument.Parse(SourceTree.File("Directory.Packages.props").Text);

    private static IReadOnlyList<XDocument> Projects => [.. SourceTree.Projects.Select(project => XDocument.Parse(project.Text))];

    [Test]
    public void Every_package_is_used() => Assert.That(Unused(Versions, Projects), Is.Empty);

    [Test]
    public void No_project_names_a_version() => Assert.That(
        SourceTree.Projects.Where(project => NamesVersion(XDocument.Parse(project.Text))).Select(project => project.Path), Is.Empty);

    [Test]
    public void Every_version_is_exact() => Assert.That(Floating(Versions), Is.Empty);

    [Test]
    public void Every_project_commits_its_lock_file() => Assert.That(
        SourceTree.Projects.Select(project => project.Folder + "/packages.lock.json").Except(SourceTree.Files.Select(file => file.Path)), Is.Empty);

    [Test]
    public void An_offender_is_found() => Assert.Multiple(() =>
    {
        var versions = XDocument.Parse(
            """<Project><ItemGroup><PackageVersion Include="Used" Version="1.2.3" /><PackageVersion Include="Unused" Version="1.*" /></ItemGroup></Project>""");
        var project = XDocument.Parse("""<Project><ItemGroup><PackageReference Include="Used" /></ItemGroup></Project>""");
        Assert.That(Unused(versions, [project]), Is.EqualTo(new[] { "Unused" }));
        Assert.That(Floating(versions), Is.EqualTo(new[] { "Unused" }));
        Assert.That(NamesVersion(project), Is.False);
        Assert.That(NamesVersion(XDocument.Parse("""<Project><ItemGroup><PackageReference Include="A" Version="1.0.0" /></ItemGroup></Project>""")), Is.True);
        Assert.That(NamesVersion(XDocument.Parse("""<Project><ItemGroup><PackageReference Include="A" VersionOverride="1.0.0" /></ItemGroup></Project>""")), Is.True);
        Assert.That(NamesVersion(XDocument.Parse("""<Project><ItemGroup><PackageReference Include="A"><Version>1.0.0</Version></PackageReference></ItemGroup></Project>""")), Is.True);
    });

    private static IEnumerable<string> Unused(XDocument versions, IEnumerable<XDocument> projects) => versions.Descendants("PackageVersion").Select(Name)
        .Except(projects.SelectMany(project => project.Descendants("PackageReference")).Select(Name));

    private static IEnumerable<string> Floating(XDocument versions) => versions.Descendants("PackageVersion")
        .Where(package => !Version.TryParse(package.Attribute("Version")!.Value, out _)).Select(Name);

    private static bool NamesVersion(XDocument project) => project.Descendants("PackageReference")
        .Any(package => package.Attribute("Version") is not null || package.Attribute("VersionOverride") is not null || package.Element("Version") is not null);

    private static string Name(XElement package) => package.Attribute("Include")!.Value;
}
