using FsCheck;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.UnitTests.Domain.Tasks;

public sealed class TaskFiguresTests
{
    public static IEnumerable<TestCaseData> Violations =>
    [
        new(new TaskFigures(CostUsd: -0.01m), "cost_usd"),
        new(new TaskFigures(CostUsd: TaskFigures.MaxCostUsd + 0.01m), "cost_usd"),
        new(new TaskFigures(InputTokens: -1), "input_tokens"),
        new(new TaskFigures(InputTokens: TaskFigures.MaxTokens + 1), "input_tokens"),
        new(new TaskFigures(OutputTokens: -1), "output_tokens"),
        new(new TaskFigures(OutputTokens: TaskFigures.MaxTokens + 1), "output_tokens"),
        new(new TaskFigures(DurationSeconds: -0.1), "duration_seconds"),
        new(new TaskFigures(DurationSeconds: TaskFigures.MaxDurationSeconds + 1), "duration_seconds"),
        new(new TaskFigures(DurationSeconds: double.NaN), "duration_seconds"),
        new(new TaskFigures(DurationSeconds: double.PositiveInfinity), "duration_seconds"),
        new(new TaskFigures(DurationSeconds: double.NegativeInfinity), "duration_seconds"),
    ];

    public static IEnumerable<TaskFigures> Fine =>
    [
        TaskFigures.None,
        new(0m, 0, 0, 0),
        new(TaskFigures.MaxCostUsd, TaskFigures.MaxTokens, TaskFigures.MaxTokens, TaskFigures.MaxDurationSeconds),
    ];

    [TestCaseSource(nameof(Violations))]
    public void A_figure_out_of_bounds_is_named(TaskFigures figures, string name) => Assert.That(figures.Violation(), Does.StartWith(name + " "));

    [TestCaseSource(nameof(Fine))]
    public void Figures_within_their_bounds_are_fine(TaskFigures figures) => Assert.That(figures.Violation(), Is.Null);

    [Test]
    public void No_duration_beyond_its_bounds_passes() => Prop.ForAll<double>(seconds =>
        new TaskFigures(DurationSeconds: seconds).Violation() is null == seconds is >= 0 and <= TaskFigures.MaxDurationSeconds)
        .QuickCheckThrowOnFailure();
}
