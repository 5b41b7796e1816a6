using System.Xml.Linq;

namespace GrooteDashboard.ArchitectureTests;

/// <summary>Dependencies point inward.</summary>
public sealed class LayerTests
{
    private static readonly string[] TechnologiesOutsideOfApplication =
        ["Microsoft.EntityFrameworkCore", "Npgsql", "StackExchange.Redis", "Microsoft.AspNetCore", "Swashbuckle", "Microsoft.OpenApi"];

    /// <summary>The projects that a project may reference.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Domain"] = [],
        ["Application"] = ["Domain"],
        ["Infrastructure"] = ["Application", "Domain"],
        ["Api"] = ["Infrastructure", "Application", "Domain"],
        ["UnitTests"] = ["Application", "Domain"],
    };

    [TestCaseSource(nameof(Allowed))]
    public void A_project_file_references_only_layers_further_in(KeyValuePair<string, string[]> layer) =>
        Assert.That(ForbiddenProjects(Project(layer.Key), layer.Value), Is.Empty);

    [Test]
    public void An_assembly_references_only_layers_further_in() => Assert.Multiple(() =>
    {
        foreach (var assembly in Layers.All)
        {
            var name = assembly.GetName().Name!["GrooteDashboard.".Length..];
            Assert.That(ForbiddenLayers(assembly.GetReferencedAssemblies().Select(reference => reference.Name!), Allowed[name]), Is.Empty, name);
        }
    });

    [Test]
    public void The_domain_references_no_package()
    {
        Assert.That(Packages(Project("Domain")), Is.Empty);
        Assert.That(Layers.Domain.GetReferencedAssemblies().Where(reference => !reference.Name!.StartsWith("System", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void The_application_knows_no_database_no_redis_and_no_web()
    {
        Assert.That(OutsideTechnologies(Packages(Project("Application"))), Is.Empty);
        Assert.That(OutsideTechnologies(Layers.Application.GetReferencedAssemblies().Select(reference => reference.Name!)), Is.Empty);
        Assert.That(OutsideTechnologies(SourceTree.CSharp("src/Domain", "src/Application").SelectMany(Usings)), Is.Empty);
    }

    [Test]
    public void The_unit_tests_embed_the_application_without_database_redis_and_web() =>
        Assert.That(OutsideTechnologies(Packages(Project("UnitTests"))), Is.Empty);

    [Test]
    public void A_wrong_reference_is_found() => Assert.Multiple(() =>
    {
        var project = XDocument.Parse(
            """
            <Project>
              <ItemGroup>
                <ProjectReference Include="..\Api\Api.csproj" />
                <ProjectReference Include="../Domain/Domain.csproj" />
                <PackageReference Include="Npgsql" />
                <FrameworkReference Include="Microsoft.AspNetCore.App" />
              </ItemGroup>
            </Project>
            """);
        Assert.That(ForbiddenProjects(project, ["Domain"]), Is.EqualTo(new[] { "Api" }));
        Assert.That(ForbiddenLayers(["System.Runtime", "GrooteDashboard.Domain", "GrooteDashboard.Infrastructure"], ["Domain"]), Is.EqualTo(new[] { "Infrastructure" }));
        Assert.That(Packages(project), Is.EqualTo(new[] { "Npgsql", "Microsoft.AspNetCore.App" }));
        Assert.That(OutsideTechnologies(["Npgsql", "MediatR", "Npgsql.EntityFrameworkCore.PostgreSQL"]), Is.EqualTo(new[] { "Npgsql", "Npgsql.EntityFrameworkCore.PostgreSQL" }));
        Assert.That(OutsideTechnologies(Usings(new SourceFile("a.cs", "using System;\nusing Microsoft.AspNetCore.Http;\n"))), Is.EqualTo(new[] { "Microsoft.AspNetCore.Http" }));
    });

    private static XDocument Project(string name) => XDocument.Parse(SourceTree.Projects.Single(project => project.Name == name + ".csproj").Text);

    private static IEnumerable<string> ForbiddenProjects(XDocument project, string[] allowed) => project.Descendants("ProjectReference")
        .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')))
        .Where(name => !allowed.Contains(name));

    private static IEnumerable<string> ForbiddenLayers(IEnumerable<string> references, string[] allowed) => references
        .Where(name => name.StartsWith("GrooteDashboard.", StringComparison.Ordinal))
        .Select(name => name["GrooteDashboard.".Length..])
        .Where(name => !allowed.Contains(name));

    private static IEnumerable<string> Packages(XDocument project) => project.Descendants()
        .Where(element => element.Name.LocalName is "PackageReference" or "FrameworkReference")
        .Select(element => element.Attribute("Include")!.Value);

    private static IEnumerable<string> OutsideTechnologies(IEnumerable<string> names) => names
        .Where(name => TechnologiesOutsideOfApplication.Any(technology => name == technology || name.StartsWith(technology + ".", StringComparison.Ordinal)));

    private static IEnumerable<string> Usings(SourceFile file) => file.Text.Split('\n')
        .Where(line => line.StartsWith("using ", StringComparison.Ordinal))
        .Select(line => line["using ".Length..].Trim().TrimEnd(';'));
}
