using System.Text;
using FsCheck;
using GrooteDashboard.Application.Realtime.Log;

namespace GrooteDashboard.UnitTests.Application.Realtime.Log;

public sealed class LogTextTests
{
    /// <summary>Strings in which NUL, halves of surrogate pairs and whole pairs are common.</summary>
    private static readonly Arbitrary<string> AnyText = Arb.From(
        Gen.ListOf(Gen.Elements("a", "\0", "\uD83D", "\uDE00", "\U0001F600", "é", "€", "\n", "\uFFFD", "\uFFFF")).Select(string.Concat),
        text => Enumerable.Range(0, text.Length).Select(i => text.Remove(i, 1)));

    /// <summary>Not as attributes: these are UTF-8 and cannot carry half a character.</summary>
    private static readonly (string Text, string Expected)[] DirtyTexts =
    [
        ("", ""),
        ("plain", "plain"),
        ("a\0b", "a\uFFFDb"),
        ("\uD83D\uDE00", "\uD83D\uDE00"),
        ("\uD83D", "\uFFFD"),
        ("\uDE00\uD83D", "\uFFFD\uFFFD"),
        ("\uD83D\uD83D\uDE00", "\uFFFD\uD83D\uDE00"),
        ("\uD83Dx\uDE00\0", "\uFFFDx\uFFFD\uFFFD"),
    ];

    [TestCaseSource(nameof(DirtyTexts))]
    public void Nul_and_halves_of_characters_are_replaced_one_by_one((string Text, string Expected) dirty) =>
        Assert.That(LogText.Clean(dirty.Text), Is.EqualTo(dirty.Expected));

    [Test]
    public void Cleaned_text_survives_utf8_holds_no_nul_and_is_as_long() => Prop.ForAll(AnyText, text =>
    {
        var clean = LogText.Clean(text);
        return clean.Length == text.Length
            && !clean.Contains('\0')
            && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(clean)) == clean
            && LogText.Clean(clean) == clean;
    }).QuickCheckThrowOnFailure();

    [Test]
    public void Cleaning_changes_nothing_but_nul_and_halves_of_characters() => Prop.ForAll(AnyText, text =>
        LogText.Clean(text) == new UTF8Encoding(false, false).GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\uFFFD'))
        .QuickCheckThrowOnFailure();

    [Test]
    public void Text_that_is_fine_is_not_copied()
    {
        var text = new string('x', 10);

        Assert.That(LogText.Clean(text), Is.SameAs(text));
    }

    [Test]
    public void Any_bytes_decode_to_what_can_be_stored() => Prop.ForAll<byte[]>(bytes =>
    {
        var text = LogText.Decode(bytes);
        return !text.Contains('\0') && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text;
    }).QuickCheckThrowOnFailure();

    [TestCase(LogText.MaxChunkBytes, 1)]
    [TestCase(LogText.MaxChunkBytes + 1, 2)]
    public void Text_is_split_only_where_it_is_over_the_bound(int bytes, int pieces) =>
        Assert.That(LogText.Split(new string('x', bytes)).Count, Is.EqualTo(pieces));

    [Test]
    public void The_bound_counts_bytes_not_characters() =>
        Assert.That(LogText.Split(new string('€', LogText.MaxChunkBytes / 2)).Count, Is.EqualTo(2));

    [Test]
    public void Empty_text_is_one_empty_piece() => Assert.That(LogText.Split(""), Is.EqualTo(new[] { "" }));

    [Test]
    public void Pieces_joined_are_the_text_each_within_the_bound_and_never_inside_a_character() => Prop.ForAll(
        Arb.From(
            from unit in Gen.NonEmptyListOf(Gen.Elements("a", "é", "€", "\U0001F600", "line\n")).Select(string.Concat)
            from bytes in Gen.Choose(LogText.MaxChunkBytes - 10, LogText.MaxChunkBytes * 3)
            from prefix in Gen.Choose(0, 4)
            select new string('.', prefix) + string.Concat(Enumerable.Repeat(unit, (bytes / Encoding.UTF8.GetByteCount(unit)) + 1))),
        text =>
        {
            var pieces = LogText.Split(text).ToList();
            return string.Concat(pieces) == text
                && pieces.All(piece => piece.Length > 0 && Encoding.UTF8.GetByteCount(piece) <= LogText.MaxChunkBytes && LogText.Clean(piece) == piece);
        }).Check(new Configuration { MaxNbOfTest = 30, Runner = Config.QuickThrowOnFailure.Runner });

    [Test]
    public void A_piece_ends_with_a_line_where_one_is_near()
    {
        var lines = string.Concat(Enumerable.Repeat("123456789\n", LogText.MaxChunkBytes / 5));

        Assert.That(LogText.Split(lines).All(piece => piece.EndsWith('\n')), Is.True);
    }

    [Test]
    public void A_line_longer_than_a_piece_is_cut() =>
        Assert.That(LogText.Split("short\n" + new string('x', LogText.MaxChunkBytes))[0], Has.Length.EqualTo(LogText.MaxChunkBytes));
}
