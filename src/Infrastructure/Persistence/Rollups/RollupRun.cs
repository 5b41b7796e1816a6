namespace GrooteDashboard.Infrastructure.Persistence.Rollups;

/// <summary>A stretch of time that buckets of one level fill exactly; without a level, the tasks themselves have to be read.</summary>
internal readonly record struct RollupRun(RollupLevel? Level, DateTime From, DateTime To)
{
    /// <summary>The fewest buckets that fill the time between the boundaries, none of which lies across one of them.</summary>
    /// <param name="boundaries">Ascending, UTC.</param>
    /// <param name="finest">The finest level that is kept.</param>
    public static IReadOnlyList<RollupRun> Cover(IReadOnlyList<DateTime> boundaries, RollupLevel finest)
    {
        var runs = new List<RollupRun>();
        for (var i = 1; i < boundaries.Count; i++)
        {
            Cover(boundaries[i - 1], boundaries[i], RollupLevel.Month, finest, runs);
        }

        return runs;
    }

    private static void Cover(DateTime from, DateTime to, RollupLevel level, RollupLevel finest, List<RollupRun> runs)
    {
        if (from >= to)
        {
            return;
        }

        if (level < finest)
        {
            Append(new RollupRun(null, from, to), runs);
            return;
        }

        var (first, last) = (level.Ceiling(from), level.Floor(to));
        if (first >= last)
        {
            Cover(from, to, level - 1, finest, runs);
            return;
        }

        Cover(from, first, level - 1, finest, runs);
        Append(new RollupRun(level, first, last), runs);
        Cover(last, to, level - 1, finest, runs);
    }

    private static void Append(RollupRun run, List<RollupRun> runs)
    {
        if (runs.Count > 0 && runs[^1] is var last && last.Level == run.Level && last.To == run.From)
        {
            runs[^1] = last with { To = run.To };
        }
        else
        {
            runs.Add(run);
        }
    }
}
