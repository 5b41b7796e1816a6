using System.Diagnostics;
using GrooteDashboard.Api.Realtime;

namespace GrooteDashboard.IntegrationTests.Realtime;

internal sealed class CadenceTests
{
    private static readonly TimeSpan MaxBatchDelay = TimeSpan.FromMilliseconds(16);
    private const double Millisecond = 0.001;

    private static long Ticks(double milliseconds) => (long)(milliseconds * Millisecond * Stopwatch.Frequency);

    [TestCase(1)]
    [TestCase(3)]
    [TestCase(11)]
    public void After_a_quiet_spell_nobody_rests(int cohorts)
    {
        var audience = new Audience(cohorts, costInMilliseconds: 4);
        for (var time = 1_000; time < 5_000; time += 200)
        {
            Assert.That(audience.Round(time, messages: 1), Is.EqualTo(cohorts));
        }
    }

    [TestCase(3, 5.5, 5, 4.5, 16, TestName = "A large audience of a thousand messages per second rests for the longest batch delay")]
    [TestCase(3, 5.0, 1, 4.5, 9, TestName = "A large audience of single messages rests for twice what writing to it costs")]
    [TestCase(11, 20, 1, 18, 32, TestName = "An audience of thousands rests for twice the longest batch delay")]
    [TestCase(1, 13, 52, 0.4, 13, TestName = "A small audience of very many messages gets each round")]
    [TestCase(1, 5, 5, 0.9, 5, TestName = "A small audience gets each round")]
    [TestCase(2, 1, 1, 2.5, 12.5, TestName = "Short rounds are not written one by one")]
    public void Cohorts_have_their_turns_evenly(int cohorts, double apart, int messages, double cost, double expected)
    {
        var audience = new Audience(cohorts, cost);
        var random = new Random(42);
        // What went before says how much comes; and rounds do not come by the clock.
        var time = 1_000.0;
        for (var i = 0; i < 2_000; i++)
        {
            audience.Round(time, messages);
            time += apart * (0.9 + (0.2 * random.NextDouble()));
        }

        var rests = audience.RestsSince(1_000 + (500 * apart));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(rests.Average(), Is.EqualTo(expected).Within(10).Percent);
            Assert.That(rests.Max(), Is.LessThanOrEqualTo(expected + (1.5 * apart)), "nobody is forgotten");
            Assert.That(rests.Min(), Is.GreaterThanOrEqualTo(expected - (1.5 * apart)), "nobody is written to again at once");
        }
    }

    [TestCase(1)]
    [TestCase(3)]
    public void When_no_more_comes_the_last_of_it_reaches_everyone(int cohorts)
    {
        var audience = new Audience(cohorts, costInMilliseconds: 4.5);
        var time = 1_000.0;
        for (var i = 0; i < 500; i++, time += 5.5)
        {
            audience.Round(time, messages: 5);
        }

        var last = time - 5.5;
        while (audience.LongestWithout < last)
        {
            time = audience.Latest;
            Assert.That(time, Is.LessThan(last + 32), "two of the longest rests");
            audience.Turn(time, hasRound: false);
        }
    }

    [Test]
    public void While_a_round_is_late_only_those_who_have_rested_have_their_turn_and_the_others_with_it()
    {
        var audience = new Audience(cohorts: 3, costInMilliseconds: 4.5);
        var time = 1_000.0;
        for (var i = 0; i < 500; i++, time += 16 / 3.0)
        {
            audience.Round(time, messages: 5);
        }

        Assert.That(audience.Latest, Is.InRange(time + 4, time + 6), "one round later");
        Assert.That(audience.Turn(audience.Latest - 0.5, hasRound: false), Is.EqualTo(1));
        Assert.That(audience.Round(time + 6, messages: 11), Is.EqualTo(1));
    }

    /// <summary>Takes the turns that the cadence gives, as a channel does. Times are milliseconds.</summary>
    private sealed class Audience(int cohorts, double costInMilliseconds)
    {
        private readonly Cadence _cadence = new(MaxBatchDelay);
        private readonly List<double>[] _turns = [.. Enumerable.Range(0, cohorts).Select(_ => new List<double>())];
        private int _turn;

        public double Latest => _cadence.Latest / (Millisecond * Stopwatch.Frequency);

        /// <summary>When the cohort that has waited longest had its turn.</summary>
        public double LongestWithout => _turns.Min(turns => turns.LastOrDefault());

        public int Round(double time, int messages)
        {
            for (var i = 0; i < messages; i++)
            {
                Assert.That(_cadence.Came(Ticks(time) + i), Is.EqualTo(i == 0), "the first of a round");
            }

            return Turn(time, hasRound: true);
        }

        public int Turn(double time, bool hasRound)
        {
            var turns = _cadence.Turn(Ticks(time), hasRound, cohorts, Ticks(costInMilliseconds));
            for (var i = 0; i < turns; i++)
            {
                _turns[_turn = (_turn + 1) % cohorts].Add(time);
            }

            return turns;
        }

        public double[] RestsSince(double time) =>
            [.. _turns.SelectMany(turns => turns.Where(at => at > time).Zip(turns.Where(at => at > time).Skip(1), (before, after) => after - before))];
    }
}
