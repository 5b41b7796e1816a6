using GrooteDashboard.Api.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace GrooteDashboard.IntegrationTests.System;

/// <summary>Timers that end together.</summary>
[TestFixture]
internal sealed class AlignedTimeTests : ServerFixture
{
    [Test]
    public void Long_timers_end_on_a_tick_a_little_later_than_asked()
    {
        var random = new Random(4);
        for (var i = 0; i < 100_000; i++)
        {
            var now = random.NextInt64(1L << 40);
            var dueTime = TimeSpan.FromMilliseconds(500 + (random.NextDouble() * 59_500));

            var end = now + AlignedTime.Align(now, dueTime).TotalMilliseconds;

            Assert.That(end % AlignedTime.Tick, Is.Zero, $"{now} {dueTime}");
            Assert.That(end - now - dueTime.TotalMilliseconds, Is.GreaterThanOrEqualTo(-AlignedTime.Slack).And.LessThan(AlignedTime.Tick), $"{now} {dueTime}");
        }
    }

    [Test]
    public void What_begins_on_a_tick_and_rests_for_a_second_after_a_moment_of_work_does_so_once_a_second()
    {
        long now = 10 * AlignedTime.Tick;
        for (var i = 0; i < 100; i++)
        {
            now += 1 + (i % AlignedTime.Slack);
            now += (long)AlignedTime.Align(now, TimeSpan.FromSeconds(1)).TotalMilliseconds;
        }

        Assert.That(now, Is.EqualTo((10 * AlignedTime.Tick) + 100_000));
    }

    [TestCase(-0.001)]
    [TestCase(0)]
    [TestCase(0.005)]
    [TestCase(0.499)]
    [TestCase(61)]
    [TestCase(4_294_967)]
    public void Short_ones_and_long_ones_are_meant_as_they_are(double seconds) =>
        Assert.That(AlignedTime.Align(12_345, TimeSpan.FromSeconds(seconds)), Is.EqualTo(TimeSpan.FromSeconds(seconds)));

    [Test]
    public void The_servers_timers_are_such() => Assert.That(Server.Services.GetRequiredService<TimeProvider>(), Is.TypeOf<AlignedTime>());
}
