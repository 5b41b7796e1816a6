using GrooteDashboard.Domain.Analytics;

namespace GrooteDashboard.Application.Analytics.Contracts;

/// <summary>What is asked of the tasks of a range of time, by the time at which they were created.</summary>
/// <param name="Boundaries">
/// Ascending, at least two: bucket <c>i</c> is from the i-th until before the next. The inner ones are at whole quarters of an hour; where
/// <see cref="IsByDay"/>, at UTC midnights. The first and the last may be at any time.
/// </param>
/// <param name="By">The dimension whose values are told apart.</param>
/// <param name="Filters">Only tasks that have one of the values, in every dimension that is named. A name that is not known is empty.</param>
/// <param name="Quantiles">Whether histograms are wanted.</param>
public sealed record TaskQuestion(
    IReadOnlyList<DateTimeOffset> Boundaries,
    Dimension By,
    IReadOnlyDictionary<Dimension, IReadOnlyList<string>> Filters,
    bool Quantiles = false)
{
    /// <summary>How many dimensions a question may name together.</summary>
    public const int MaxDimensions = 2;

    public static IReadOnlyDictionary<Dimension, IReadOnlyList<string>> NoFilters { get; } = new Dictionary<Dimension, IReadOnlyList<string>>();

    /// <summary>The dimensions that it names, in their order.</summary>
    public IReadOnlyList<Dimension> Dimensions => [.. Filters.Keys.Append(By).Where(dimension => dimension != Dimension.All).Distinct().Order()];

    /// <summary>Whether an answer is kept.</summary>
    public bool CanBeAnswered => Dimensions is { Count: <= 1 } || (Dimensions.Count <= MaxDimensions && !Dimensions.Contains(Dimension.User));

    /// <summary>Whether the answer is kept by whole days of UTC only.</summary>
    public bool IsByDay => Dimensions.Count > 1 || Dimensions.Contains(Dimension.User);
}

/// <summary>A part of the answer.</summary>
/// <param name="Bucket">Which bucket, from 0.</param>
/// <param name="Value">The value of the dimension; empty where it is not known, and where none was asked for.</param>
/// <param name="Measures">What its tasks come to.</param>
public sealed record TaskGroup(int Bucket, string Value, TaskMeasures Measures);
