using GrooteDashboard.Testing;
using GrooteDashboard.Testing.Checking;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>The short form of the checker (the long one is <c>check</c> of tests/Performance): three server processes under load, one of them and Redis killed, connections cut.</summary>
[TestFixture]
[CancelAfter(180_000)]
internal sealed class CheckerTests
{
    private static readonly CheckOptions Short = new() { Seconds = 8, Tasks = 40, Rate = 400, Seed = 1 };

    [Test]
    public async Task Nobody_misses_anything_or_gets_anything_twice(CancellationToken cancellationToken)
    {
        await using var database = await TestDatabase.CreateAsync();

        var result = await Checker.RunAsync(
            Short, database.ConnectionString, new DirectoryInfo(AppContext.BaseDirectory), TextWriter.Null, cancellationToken);

        result.Write(TestContext.Out, findings: 20);
        Assert.That(result.Findings, Is.Empty);
        Assert.That(result.Acknowledged, Is.EqualTo(Short.Rate * Short.Seconds));
        Assert.That(result.Faults, Has.Count.EqualTo(2), "an instance and Redis");
        Assert.That(result.Cuts, Is.GreaterThan(10));
        Assert.That(result.Recovered, Is.GreaterThanOrEqualTo(result.Cuts), "every cut client came back and went on");
    }
}
