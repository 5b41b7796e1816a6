using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Domain.Analytics;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Infrastructure.Persistence.Rollups;

/// <summary>By what a rollup tells tasks apart: nothing, one dimension or two.</summary>
/// <param name="Code">In the table: the numbers of the dimensions as digits. Never to be changed.</param>
/// <param name="First">The dimension of <c>value</c>.</param>
/// <param name="Second">The dimension of <c>value2</c>.</param>
/// <param name="Finest">The finest level. Two at once, and users, have so many values that a quarter of an hour would hold about as many rows as tasks.</param>
internal sealed record RollupDimension(short Code, Dimension First, Dimension Second, RollupLevel Finest)
{
    private static readonly Dimension[] Combined = [Dimension.Agent, Dimension.AgentType, Dimension.Source, Dimension.Model, Dimension.Status];

    public static IReadOnlyList<RollupDimension> Every { get; } =
    [
        .. Combined.Prepend(Dimension.All).Select(dimension => new RollupDimension(CodeOf(dimension), dimension, Dimension.All, RollupLevel.QuarterHour)),
        new(CodeOf(Dimension.User), Dimension.User, Dimension.All, RollupLevel.Day),
        .. from first in Combined
           from second in Combined
           where first < second
           select new RollupDimension((short)((10 * CodeOf(first)) + CodeOf(second)), first, second, RollupLevel.Day),
    ];

    /// <summary>The one that tells apart what a question names.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static RollupDimension For(TaskQuestion question)
    {
        var named = question.Dimensions;
        var (first, second) = (named.ElementAtOrDefault(0), named.ElementAtOrDefault(1));
        return (named.Count <= 2 ? Every.FirstOrDefault(dimension => dimension.First == first && dimension.Second == second) : null)
            ?? throw new ArgumentException($"Nothing is kept by {string.Join(", ", named)} together.", nameof(question));
    }

    /// <summary>A task's value of a dimension, cut to what a key can hold.</summary>
    public static string ValueOf(in TaskFacts task, Dimension dimension) => dimension switch
    {
        Dimension.All => "",
        Dimension.Agent => task.Agent,
        Dimension.AgentType => task.AgentType,
        Dimension.Source => task.Source,
        Dimension.Model => task.Model,
        Dimension.Status => task.Status.Name(),
        Dimension.User => task.User,
        _ => throw new ArgumentOutOfRangeException(nameof(dimension), dimension, null),
    };

    private static short CodeOf(Dimension dimension) => dimension switch
    {
        Dimension.All => 0,
        Dimension.Agent => 1,
        Dimension.AgentType => 2,
        Dimension.Source => 3,
        Dimension.Model => 4,
        Dimension.Status => 5,
        Dimension.User => 6,
        _ => throw new ArgumentOutOfRangeException(nameof(dimension), dimension, null),
    };
}
