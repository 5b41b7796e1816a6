namespace GrooteDashboard.Infrastructure.Persistence.Rollups;

/// <summary>A stretch of time whose tasks are to be counted, or taken out again.</summary>
/// <param name="Level">Buckets of this level fill it exactly; null: the tasks themselves have to be read.</param>
/// <param name="From">In it.</param>
/// <param name="To">Not in it any more.</param>
/// <param name="Part">For which part of the range it counts; null: for the one in which each of its buckets lies.</param>
/// <param name="Sign">1 to count it, −1 to take it out.</param>
internal readonly record struct RollupRun(RollupLevel? Level, DateTime From, DateTime To, int? Part, int Sign)
{
    /// <summary>
    /// The least that has to be read for every part of a range: first as little time as possible whose tasks have to be read themselves, then as few buckets. A bucket that is
    /// mostly in the part is read as a whole, and what lies outside is taken out again: seven days of eight are the eight less one.
    /// </summary>
    /// <param name="boundaries">Ascending, UTC: part <c>i</c> is from the i-th until before the next.</param>
    /// <param name="finest">The finest level that is kept.</param>
    public static IReadOnlyList<RollupRun> Cover(IReadOnlyList<DateTime> boundaries, RollupLevel finest)
    {
        var runs = new List<RollupRun>();
        for (var part = 0; part < boundaries.Count - 1; part++)
        {
            var (from, to) = (boundaries[part], boundaries[part + 1]);
            foreach (var run in Cover(from, to, finest).Runs())
            {
                var inside = run.Sign > 0 && run.Level is not null && run.From >= from && run.To <= to;
                Append(inside ? run : run with { Part = part }, runs);
            }
        }

        return runs;
    }

    private static Filling Cover(DateTime from, DateTime to, RollupLevel finest)
    {
        if (from >= to)
        {
            return Filling.Nothing;
        }

        for (var level = finest; level <= RollupLevel.Month; level++)
        {
            if (level.Floor(from) == from && level.Next(from) == to)
            {
                return Filling.Of(level, from, to);
            }
        }

        for (var level = RollupLevel.Month; level >= finest; level--)
        {
            var (first, last) = (level.Ceiling(from), level.Floor(to));
            if (first > last)
            {
                continue;
            }

            var (before, after) = (Sides.Of(from, finest, level).After, Sides.Of(to, finest, level).Before);
            var filled = before.And(Filling.Of(level, first, last)).And(after);
            return level == RollupLevel.Month ? filled : filled.OrBetter(Within(from, to, finest, level + 1));
        }

        return Filling.Of(null, from, to).OrBetter(Within(from, to, finest, finest));
    }

    /// <summary>The bucket in which all of it is, without what is before and after.</summary>
    private static Filling Within(DateTime from, DateTime to, RollupLevel finest, RollupLevel level)
    {
        var (first, next) = (level.Floor(from), level.Ceiling(to));
        return Filling.Of(level, first, next).Less(Sides.Of(from, finest, level).Before).Less(Sides.Of(to, finest, level).After);
    }

    private static void Append(RollupRun run, List<RollupRun> runs)
    {
        if (runs.Count > 0 && runs[^1] is var last && last.To == run.From && last == run with { From = last.From, To = last.To })
        {
            runs[^1] = last with { To = run.To };
        }
        else
        {
            runs.Add(run);
        }
    }

    /// <summary>What fills the bucket of a level before a time, and after it.</summary>
    private readonly record struct Sides(Filling Before, Filling After)
    {
        public static Sides Of(DateTime time, RollupLevel finest, RollupLevel level)
        {
            var (first, next) = (finest.Floor(time), finest.Ceiling(time));
            var sides = first == next
                ? new Sides(Filling.Nothing, Filling.Nothing)
                : new Sides(Filling.Of(null, first, time), Filling.Of(null, time, next)).OrRest(Filling.Of(finest, first, next));
            for (var coarser = finest + 1; coarser <= level; coarser++)
            {
                var (begin, end) = (coarser.Floor(time), coarser.Ceiling(time));
                sides = begin == end
                    ? new Sides(Filling.Nothing, Filling.Nothing)
                    : new Sides(Filling.Of(coarser - 1, begin, first).And(sides.Before), sides.After.And(Filling.Of(coarser - 1, next, end))).OrRest(Filling.Of(coarser, begin, end));
                (first, next) = (begin, end);
            }

            return sides;
        }

        /// <summary>Of either side, the whole bucket without the other side where that is less.</summary>
        private Sides OrRest(Filling bucket) => new(Before.OrBetter(bucket.Less(After)), After.OrBetter(bucket.Less(Before)));
    }

    /// <summary>What comes to a stretch of time: a run, or one filling and another, or without another. Most are only compared, and never written out.</summary>
    private sealed class Filling
    {
        public static readonly Filling Nothing = new(default, null, null, 1, default);

        private readonly RollupRun _run;
        private readonly Filling? _one;
        private readonly Filling? _other;
        private readonly int _sign;

        /// <summary>Tasks to be read by themselves weigh more than any number of buckets; looking for a run costs about as much as a bucket of it.</summary>
        private readonly (long Ticks, int Buckets) _price;

        private Filling(RollupRun run, Filling? one, Filling? other, int sign, (long Ticks, int Buckets) price) =>
            (_run, _one, _other, _sign, _price) = (run, one, other, sign, price);

        public static Filling Of(RollupLevel? level, DateTime from, DateTime to)
        {
            if (from >= to)
            {
                return Nothing;
            }

            var buckets = 1;
            for (var bucket = from; level is { } known && bucket < to; bucket = known.Next(bucket))
            {
                buckets++;
            }

            return new Filling(new RollupRun(level, from, to, null, 1), null, null, 1, (level is null ? to.Ticks - from.Ticks : 0, buckets));
        }

        public Filling And(Filling other) => ReferenceEquals(this, Nothing) ? other : With(other, 1);

        public Filling Less(Filling other) => With(other, -1);

        public Filling OrBetter(Filling other) => other._price.CompareTo(_price) < 0 ? other : this;

        public List<RollupRun> Runs()
        {
            var runs = new List<RollupRun>();
            Put(1, runs);
            return runs;
        }

        private Filling With(Filling other, int sign) => ReferenceEquals(other, Nothing)
            ? this
            : new Filling(default, this, other, sign, (_price.Ticks + other._price.Ticks, _price.Buckets + other._price.Buckets));

        private void Put(int sign, List<RollupRun> runs)
        {
            if (_one is not null)
            {
                _one.Put(sign, runs);
                _other!.Put(sign * _sign, runs);
            }
            else if (!ReferenceEquals(this, Nothing))
            {
                runs.Add(_run with { Sign = sign });
            }
        }
    }
}
