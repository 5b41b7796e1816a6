using GrooteDashboard.Domain.Conversations;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Domain.Conversations;

public sealed class ConversationTests
{
    private static readonly DateTimeOffset Later = ManualTime.Start.AddMinutes(1);

    [Test]
    public void Messages_are_counted_numbered_and_told()
    {
        var conversation = New();
        var first = conversation.Say("msg-1", MessageRole.User, "hello", "task-1", "{}", Later, "evt-1");
        conversation.Say("msg-2", MessageRole.Assistant, "hi", null, "{}", Later, "evt-2");

        Assert.Multiple(() =>
        {
            Assert.That((conversation.MessageCount, conversation.UpdatedAt), Is.EqualTo((2, Later)));
            Assert.That((first.Number, first.ConversationId, first.TaskId), Is.EqualTo((1L, "conv-1", "task-1")));
            Assert.That(conversation.DomainEvents.OfType<MessageAdded>().Select(added => (added.EventId, added.Message.Number)),
                Is.EqualTo(new[] { ("evt-1", 1L), ("evt-2", 2L) }));
        });
    }

    [Test]
    public void A_cleared_conversation_gives_no_number_again()
    {
        var conversation = New();
        conversation.Say("msg-1", MessageRole.User, "hello", null, "{}", Later, "evt-1");

        Assert.That(conversation.Clear(Later), Is.EqualTo(1));
        Assert.That(conversation.MessageCount, Is.Zero);
        Assert.That(conversation.Say("msg-2", MessageRole.User, "again", null, "{}", Later, "evt-2").Number, Is.EqualTo(2));
    }

    [Test]
    public void A_change_of_nothing_is_no_change()
    {
        var conversation = New();
        conversation.Update("a talk", false, null, Later);
        Assert.That(conversation.UpdatedAt, Is.EqualTo(ManualTime.Start));

        conversation.Update("another", null, null, Later);
        Assert.That((conversation.Title, conversation.UpdatedAt), Is.EqualTo(("another", Later)));
    }

    [Test]
    public void What_a_run_comes_to_takes_the_place_of_what_it_came_to_before()
    {
        var conversation = New();
        var early = RunTotals.Of(0.1m, 0.1, ManualTime.Start, Later);
        var late = RunTotals.Of(0.4m, 0.3, ManualTime.Start, Later);
        conversation.Book(RunTotals.None, early);
        conversation.Book(early, late);
        conversation.Book(RunTotals.None, RunTotals.Of(0, null, ManualTime.Start.AddHours(1), ManualTime.Start.AddHours(1).AddSeconds(2)));

        Assert.That(
            (conversation.TotalTasks, conversation.TotalCostUsd, conversation.TotalDurationSeconds, conversation.StartedAt, conversation.CompletedAt),
            Is.EqualTo((2, 0.4m, 2.3, (DateTimeOffset?)ManualTime.Start, (DateTimeOffset?)ManualTime.Start.AddHours(1).AddSeconds(2))));
    }

    [TestCase(50, 50)]
    [TestCase(51, 53)]
    public void A_title_is_the_beginning_of_the_message(int length, int expected) =>
        Assert.That(Conversation.TitleFrom(new string('x', length)), Has.Length.EqualTo(expected));

    [Test]
    public void A_title_does_not_end_in_the_middle_of_a_character() =>
        Assert.That(Conversation.TitleFrom(new string('x', 49) + "😀😀"), Is.EqualTo(new string('x', 49) + "..."));

    private static Conversation New() => Conversation.Start("conv-1", new ConversationStart("a talk"), ManualTime.Start);
}
