using GrooteDashboard.Infrastructure.Persistence.Rollups;

namespace GrooteDashboard.IntegrationTests.Analytics;

[TestFixture]
internal sealed class RollupLevelTests
{
    private static readonly RollupLevel[] Levels = Enum.GetValues<RollupLevel>();

    [Test]
    public void A_bucket_is_whole_buckets_of_the_level_below([Values(1, 2, 3)] int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 2_000; i++)
        {
            var time = new DateTime(2023, 12, 1, 0, 0, 0, DateTimeKind.Utc).AddTicks(random.NextInt64(TimeSpan.FromDays(900).Ticks));
            foreach (var level in Levels)
            {
                var (first, next) = (level.Floor(time), level.Next(level.Floor(time)));
                Assert.That(first <= time && time < next, $"{time:O} is in its {level}");
                Assert.That(level.Floor(next), Is.EqualTo(next), $"{level} after {first:O}");
                Assert.That(level.Floor(next.AddTicks(-1)), Is.EqualTo(first), $"{level} before {next:O}");
                if (level > RollupLevel.QuarterHour)
                {
                    Assert.That((level - 1).Floor(first), Is.EqualTo(first), $"{level} {first:O} begins with a {level - 1}");
                }
            }
        }
    }

    [Test]
    public void Every_part_of_a_range_is_counted_once_by_few_buckets([Values(1, 2, 3)] int seed, [Values(RollupLevel.QuarterHour, RollupLevel.Day)] int finest)
    {
        var random = new Random(seed);
        for (var i = 0; i < 500; i++)
        {
            var from = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddTicks(random.NextInt64(TimeSpan.FromDays(700).Ticks));
            DateTime[] boundaries = [from, .. Enumerable.Range(0, random.Next(3)).Select(_ => from.AddTicks(random.NextInt64(TimeSpan.FromDays(30).Ticks))).Order(), from.AddDays(30)];
            var runs = RollupRun.Cover(boundaries, (RollupLevel)finest);

            foreach (var run in runs)
            {
                Assert.That(run.To, Is.GreaterThan(run.From));
                Assert.That(run.Level is not { } level || (level.Floor(run.From) == run.From && level.Floor(run.To) == run.To), "whole buckets");
            }

            // Whatever begins or ends anywhere: between such times nothing changes.
            var times = runs.SelectMany(run => new[] { run.From, run.To }).Concat(boundaries).Distinct().Order().ToList();
            foreach (var (time, part) in from time in times from part in Enumerable.Range(0, boundaries.Length - 1) select (time, part))
            {
                var counted = runs.Where(run => run.From <= time && time < run.To && (run.Part ?? PartAt(run, time)) == part).Sum(run => run.Sign);
                Assert.That(counted, Is.EqualTo(boundaries[part] <= time && time < boundaries[part + 1] ? 1 : 0), $"part {part} at {time:O}");
            }

            var edges = runs.Where(run => run.Level is null).Select(run => (run.From, run.To)).Distinct().Sum(edge => (edge.To - edge.From).Ticks);
            Assert.That(edges, Is.LessThanOrEqualTo(boundaries.Length * (finest == 0 ? TimeSpan.FromMinutes(15) : TimeSpan.FromDays(1)).Ticks), "what is read task by task");
            Assert.That(Buckets(runs), Is.LessThanOrEqualTo(boundaries.Length * 14));

            int PartAt(RollupRun run, DateTime time) => Enumerable.Range(0, boundaries.Length - 1).Single(part => boundaries[part] <= time && time < boundaries[part + 1]);
        }
    }

    [Test]
    public void What_is_mostly_in_a_range_is_taken_whole()
    {
        var month = new DateTime(2026, 10, 1, 0, 0, 0, DateTimeKind.Utc);

        Assert.That(
            RollupRun.Cover([month.AddMinutes(10), month.AddMonths(1).AddHours(-1)], RollupLevel.QuarterHour),
            Is.EquivalentTo(new RollupRun[]
            {
                new(RollupLevel.Month, month, month.AddMonths(1), 0, 1),
                new(RollupLevel.QuarterHour, month, month.AddMinutes(15), 0, -1),
                new(null, month.AddMinutes(10), month.AddMinutes(15), 0, 1),
                new(RollupLevel.Hour, month.AddMonths(1).AddHours(-1), month.AddMonths(1), 0, -1),
            }));
        Assert.That(
            RollupRun.Cover([month.AddMinutes(-5), month.AddMonths(1)], RollupLevel.QuarterHour).Where(run => run.Level is null),
            Is.EqualTo(new RollupRun[] { new(null, month.AddMinutes(-5), month, 0, 1) }), "of a quarter of an hour the shorter side is read");
        Assert.That(
            RollupRun.Cover([month, month.AddDays(1), month.AddDays(2), month.AddDays(3)], RollupLevel.QuarterHour),
            Is.EqualTo(new RollupRun[] { new(RollupLevel.Day, month, month.AddDays(3), null, 1) }), "days that follow one another are one look");
    }

    private static int Buckets(IEnumerable<RollupRun> runs)
    {
        var buckets = 0;
        foreach (var run in runs)
        {
            for (var bucket = run.From; run.Level is { } level && bucket < run.To; bucket = level.Next(bucket))
            {
                buckets++;
            }
        }

        return buckets;
    }
}
