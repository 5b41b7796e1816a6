using System.Buffers.Text;
using System.Text;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Application.Tasks.Contracts;

/// <summary>Places in a list, as clients carry them back.</summary>
public sealed class TaskCursorTests
{
    private static readonly TaskCursor[] Places =
    [
        new(TaskOrder.NewestFirst, ManualTime.Start.AddTicks(10), ManualTime.Start.AddTicks(10), "task-1"),
        new(new TaskOrder(TaskSortKey.Completed, Descending: false), DateTimeOffset.MinValue, ManualTime.Start, "task:1#x"),
        new(new TaskOrder(TaskSortKey.Cost, Descending: true), 0.000001m, ManualTime.Start, "t"),
        new(new TaskOrder(TaskSortKey.Duration, Descending: true), 0.1 + 0.2, ManualTime.Start, "t"),
        new(new TaskOrder(TaskSortKey.Duration, Descending: true), -1d, ManualTime.Start, "t"),
        new(new TaskOrder(TaskSortKey.Tokens, Descending: true), TaskFigures.MaxTokens, ManualTime.Start, "t"),
        new(new TaskOrder(TaskSortKey.Agent, Descending: true), "", ManualTime.Start, "t"),
        new(new TaskOrder(TaskSortKey.Agent, Descending: true), "a|b~ é 😀", ManualTime.Start, "t"),
        new(new TaskOrder(TaskSortKey.Source, Descending: true), new string('é', AgentTask.MaxNameLength), ManualTime.Start, new string('t', 255)),
    ];

    [TestCaseSource(nameof(Places))]
    public void A_place_comes_back_as_it_was(TaskCursor place)
    {
        var text = place.ToString();

        Assert.That(text, Has.Length.LessThanOrEqualTo(TaskCursor.MaxLength).And.Match("^[A-Za-z0-9_-]+$"));
        Assert.That(TaskCursor.Parse(text), Is.EqualTo(place));
    }

    [TestCase("")]
    [TestCase("Created|desc|1|t|1")]
    [TestCase("Nothing|desc|1|t|1", true)]
    [TestCase("99|desc|1|t|1", true)]
    [TestCase("Created|down|1|t|1", true)]
    [TestCase("Created|desc|-1|t|1", true)]
    [TestCase("Created|desc|9999999999999999999|t|1", true)]
    [TestCase("Created|desc|1|a/b|1", true)]
    [TestCase("Created|desc|1|t|x", true)]
    [TestCase("Cost|desc|1|t|1e9", true)]
    [TestCase("Duration|desc|1|t|NaN", true)]
    [TestCase("Agent|desc|1|t|a\0b", true)]
    [TestCase("Created|desc|1|t", true)]
    public void What_is_no_place_is_none(string text, bool encoded = false) =>
        Assert.That(TaskCursor.Parse(encoded ? Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text)) : text), Is.Null);

    [Test]
    public void What_is_no_text_is_no_place() => Assert.Multiple(() =>
    {
        Assert.That(TaskCursor.Parse(Base64Url.EncodeToString([0xFF, 0xFE, 0x80])), Is.Null);
        Assert.That(TaskCursor.Parse(new string('A', TaskCursor.MaxLength + 1)), Is.Null);
    });
}
