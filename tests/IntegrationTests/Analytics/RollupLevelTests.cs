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
    public void A_range_is_filled_without_hole_or_overlap_by_few_buckets([Values(1, 2, 3)] int seed, [Values(RollupLevel.QuarterHour, RollupLevel.Day)] int finest)
    {
        var random = new Random(seed);
        for (var i = 0; i < 500; i++)
        {
            var from = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddTicks(random.NextInt64(TimeSpan.FromDays(700).Ticks));
            var to = from.AddDays(30);
            var at = from;
            var buckets = 0;
            foreach (var run in RollupRun.Cover([from, to], (RollupLevel)finest))
            {
                Assert.That(run.From, Is.EqualTo(at));
                Assert.That(run.To, Is.GreaterThan(run.From));
                for (var bucket = run.From; run.Level is { } level && bucket < run.To; bucket = level.Next(bucket))
                {
                    Assert.That(level.Floor(bucket), Is.EqualTo(bucket));
                    buckets++;
                }

                Assert.That(run.Level is not null || run.To - run.From < (finest == 0 ? TimeSpan.FromMinutes(15) : TimeSpan.FromDays(1)), "what is read task by task");
                at = run.To;
            }

            Assert.That(at, Is.EqualTo(to));
            Assert.That(buckets, Is.LessThanOrEqualTo(40));
        }
    }
}
