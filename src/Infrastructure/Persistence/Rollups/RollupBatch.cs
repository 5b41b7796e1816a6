using System.Runtime.InteropServices;
using GrooteDashboard.Domain.Analytics;

namespace GrooteDashboard.Infrastructure.Persistence.Rollups;

/// <summary>A row of task_rollups by its key.</summary>
internal readonly record struct RollupKey(short Dimension, RollupLevel Level, DateTime Bucket, string Value, string Value2);

/// <summary>A row of task_totals by its key.</summary>
internal readonly record struct TotalsKey(string Agent, string AgentType, string Source, string Model, string Status);

/// <summary>What tasks come to in every rollup, collected in memory.</summary>
/// <param name="rollups">What is collected already.</param>
internal sealed class RollupBatch(Dictionary<RollupKey, TaskMeasures>? rollups = null)
{
    public Dictionary<RollupKey, TaskMeasures> Rollups { get; } = rollups ?? [];

    public Dictionary<TotalsKey, TaskSums> Totals { get; } = [];

    /// <summary>Counts in the finest bucket only: <see cref="RollUp"/> does the rest, once for all of them.</summary>
    public void Add(in TaskFacts task, int sign)
    {
        var addend = TaskAddend.Of(task, sign);
        foreach (var dimension in RollupDimension.Every)
        {
            var key = new RollupKey(
                dimension.Code,
                dimension.Finest,
                dimension.Finest.Floor(task.CreatedAt.UtcDateTime),
                RollupDimension.ValueOf(task, dimension.First),
                RollupDimension.ValueOf(task, dimension.Second));
            At(key).Add(addend);
        }

        CollectionsMarshal.GetValueRefOrAddDefault(
            Totals, new TotalsKey(task.Agent, task.AgentType, task.Source, task.Model, RollupDimension.ValueOf(task, Application.Analytics.Contracts.Dimension.Status)), out _)
            += addend.Sums;
    }

    /// <summary>Fills the coarser buckets from the finer ones, up to a level.</summary>
    public void RollUp(RollupLevel coarsest)
    {
        for (var level = RollupLevel.QuarterHour; level < coarsest; level++)
        {
            foreach (var (key, measures) in Rollups.Where(cell => cell.Key.Level == level).ToList())
            {
                At(key with { Level = level + 1, Bucket = (level + 1).Floor(key.Bucket) }).Add(measures);
            }
        }
    }

    private TaskMeasures At(RollupKey key) =>
        CollectionsMarshal.GetValueRefOrAddDefault(Rollups, key, out _) ??= new TaskMeasures(withHistograms: true);
}
