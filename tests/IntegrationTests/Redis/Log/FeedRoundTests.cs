using System.Text;
using FsCheck;
using GrooteDashboard.Infrastructure.Redis.Log;

namespace GrooteDashboard.IntegrationTests.Redis.Log;

internal sealed class FeedRoundTests
{
    [Test]
    public void Any_round_comes_back_as_it_was() => Prop.ForAll<NonEmptyArray<string?>, PositiveInt>((texts, first) =>
    {
        var bodies = texts.Get.Select(text => Encoding.UTF8.GetBytes(text ?? "")).ToArray();
        var head = Encoding.UTF8.GetBytes($"1-ab12 {first.Get} {string.Join(',', bodies.Select(body => body.Length))} ");

        return FeedRound.TryParse((byte[])[.. head, .. bodies.SelectMany(body => body)], out var round)
            && round.Epoch == "1-ab12" && round.First == first.Get && round.Bodies.Zip(bodies).All(pair => pair.First.Span.SequenceEqual(pair.Second))
            && round.Bodies.Count == bodies.Length;
    }).QuickCheckThrowOnFailure();

    [Test]
    public void A_message_outside_of_the_sequence_comes_back_as_it_was()
    {
        Assert.That(FeedRound.TryParse(FeedRound.Unsequenced("a b,c"u8.ToArray()), out var round), Is.True);

        Assert.That((round!.First, round.Bodies.Count, Encoding.UTF8.GetString(round.Bodies[0].Span)), Is.EqualTo((FeedRound.OutsideOfSequence, 1, "a b,c")));
    }

    [TestCase("")]
    [TestCase("x")]
    [TestCase("1-a 1")]
    [TestCase("1-a 1 ")]
    [TestCase("1-a 1 5 abc")]
    [TestCase("1-a 1 3 abcd")]
    [TestCase("1-a 1 3,,1 abcd")]
    [TestCase("1-a -1 3 abc")]
    [TestCase("1-a 1 -3 abc")]
    [TestCase("1-a 1 99999999999999999999 abc")]
    [TestCase("- 0 1,2 abc")]
    public void What_is_no_round_is_none(string text) => Assert.That(FeedRound.TryParse(Encoding.UTF8.GetBytes(text), out _), Is.False);

    [Test]
    public void Any_bytes_are_a_round_or_none() => Prop.ForAll<byte[]>(bytes =>
        !FeedRound.TryParse(bytes, out var round) || round.Bodies.Sum(body => body.Length) < bytes.Length).QuickCheckThrowOnFailure();
}
