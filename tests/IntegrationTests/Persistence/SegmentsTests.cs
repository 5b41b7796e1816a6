using GrooteDashboard.Infrastructure.Persistence.Search;

namespace GrooteDashboard.IntegrationTests.Persistence;

public sealed class SegmentsTests
{
    [TestCase(0, 1)]
    [TestCase(1_023, 1)]
    [TestCase(4_096, 5)]
    [TestCase(262_144, 14)]
    [TestCase(999_999, 20)]
    [TestCase(10_000_000, 60)]
    public void Going_back_passes_every_passage_once_in_few_steps(long newest, int steps)
    {
        var ranges = Segments.Back(newest).ToList();

        Assert.That(ranges, Has.Count.LessThanOrEqualTo(steps));
        Assert.That(ranges[0].End, Is.GreaterThan(newest));
        Assert.That(ranges[^1].First, Is.Zero);
        Assert.That(ranges.Skip(1).Zip(ranges).All(pair => pair.First.End == pair.Second.First), Is.True);
    }

    [Test]
    public void A_passage_is_indexed_under_every_segment_by_which_it_is_searched()
    {
        foreach (var id in new[] { 1L, 1_024, 70_000, 262_144, 999_999 })
        {
            Assert.That(Segments.Back(999_999).Count(segment => Segments.Of(id).Contains(segment.Name)), Is.EqualTo(1), $"{id}");
        }
    }
}
