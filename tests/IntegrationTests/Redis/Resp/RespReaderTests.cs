using System.Globalization;
using System.Text;
using FsCheck;
using GrooteDashboard.Infrastructure.Redis.Resp;

namespace GrooteDashboard.IntegrationTests.Redis.Resp;

internal sealed class RespReaderTests
{
    [TestCase("+PONG\r\n", new[] { "PONG" })]
    [TestCase("$5\r\nhello\r\n", new[] { "hello" })]
    [TestCase("$0\r\n\r\n", new[] { "" })]
    [TestCase("$-1\r\n", new[] { "" })]
    [TestCase("*0\r\n", new string[0])]
    [TestCase("*2\r\n$4\r\npong\r\n$0\r\n\r\n", new[] { "pong", "" })]
    [TestCase("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n", new[] { "subscribe", "c", "1" })]
    [TestCase("*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n", new[] { "unsubscribe", "", "0" })]
    [TestCase("*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\nc\r\n$4\r\n\r\n\r\n\r\n", new[] { "pmessage", "*", "c", "\r\n\r\n" })]
    public void What_Redis_says_is_read(string said, string[] parts)
    {
        var reader = new RespReader();

        Assert.That(reader.TryRead(Encoding.UTF8.GetBytes(said)), Is.True);
        Assert.That(Texts(reader), Is.EqualTo(parts));
        Assert.That(reader.Length, Is.EqualTo(said.Length));
        Assert.That(reader.IsError, Is.False);
    }

    [Test]
    public void A_refusal_is_an_error()
    {
        var reader = new RespReader();

        Assert.That(reader.TryRead("-NOAUTH Authentication required.\r\n+OK\r\n"u8.ToArray()), Is.True);
        Assert.That(reader.IsError, Is.True);
        Assert.That(Texts(reader), Is.EqualTo(["NOAUTH Authentication required."]));
    }

    [TestCase("hello\r\n")]
    [TestCase("\r\n")]
    [TestCase("*5\r\n")]
    [TestCase("*-1\r\n")]
    [TestCase("*1\r\n*1\r\n")]
    [TestCase("$x\r\n")]
    [TestCase("$1x\r\n")]
    [TestCase("$-2\r\n")]
    [TestCase("$536870913\r\n")]
    [TestCase("$99999999999999999999\r\n")]
    [TestCase("$1\r\nabc\r\n")]
    public void What_is_not_the_protocol_is_refused(string said) =>
        Assert.That(() => new RespReader().TryRead(Encoding.UTF8.GetBytes(said)), Throws.InstanceOf<InvalidDataException>());

    [Test]
    public void A_line_without_an_end_is_refused() =>
        Assert.That(() => new RespReader().TryRead(Enumerable.Repeat((byte)'+', 70_000).ToArray()), Throws.InstanceOf<InvalidDataException>());

    /// <summary>However the bytes arrive, the same is read; and a piece is never taken for the whole.</summary>
    [Test]
    public void Any_messages_are_read_however_they_arrive() => Prop.ForAll<string[], int>((texts, seed) =>
    {
        var messages = (texts ?? []).Select(text => new[] { "message", "task:é", text ?? "" }).ToList();
        var bytes = messages.SelectMany(Encode).ToArray();
        var random = new global::System.Random(seed);
        var reader = new RespReader();
        var read = new List<string[]>();
        var (taken, filled) = (0, 0);
        while (filled < bytes.Length)
        {
            filled = Math.Min(bytes.Length, filled + random.Next(1, 9));
            while (taken < filled && reader.TryRead(bytes.AsMemory(taken, filled - taken)))
            {
                read.Add(Texts(reader));
                taken += reader.Length;
            }

            if (taken < filled && reader.Length <= filled - taken)
            {
                return false;
            }
        }

        return taken == bytes.Length && read.Zip(messages).All(pair => pair.First.SequenceEqual(pair.Second)) && read.Count == messages.Count;
    }).QuickCheckThrowOnFailure();

    private static IEnumerable<byte> Encode(string[] parts) =>
        Encoding.UTF8.GetBytes(string.Concat(
            parts.Select(part => string.Create(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(part)}\r\n{part}\r\n")).Prepend($"*{parts.Length}\r\n")));

    private static string[] Texts(RespReader reader) => [.. reader.Parts.ToArray().Select(part => Encoding.UTF8.GetString(part.Span))];
}
