using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace GrooteDashboard.Infrastructure.Redis.Log;

/// <summary>
/// What goes over dash:ch:…: messages of a channel that follow one another, as text: the epoch, the offset of the first, the bytes of each, and the bodies one
/// after the other (<c>1-ab12 7 5,3 helloyou</c>). Outside of the sequence: no epoch, offset 0 and one message (<c>- 0 5 hello</c>).
/// </summary>
internal sealed record FeedRound(string Epoch, long First, IReadOnlyList<ReadOnlyMemory<byte>> Bodies)
{
    public const long OutsideOfSequence = 0;

    public static byte[] Unsequenced(byte[] body) => [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"- 0 {body.Length} ")), .. body];

    public static bool TryParse(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out FeedRound? round)
    {
        round = null;
        var rest = bytes;
        if (!TryTakeWord(ref rest, out var epoch) || !TryTakeWord(ref rest, out var offset) || !TryTakeWord(ref rest, out var lengths)
            || !long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out var first))
        {
            return false;
        }

        var bodies = new List<ReadOnlyMemory<byte>>();
        foreach (var range in lengths.Split((byte)','))
        {
            if (!int.TryParse(lengths[range], NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length > rest.Length)
            {
                return false;
            }

            bodies.Add(rest[..length]);
            rest = rest[length..];
        }

        round = new FeedRound(Encoding.ASCII.GetString(epoch), first, bodies);
        return rest.IsEmpty && (first != OutsideOfSequence || bodies.Count == 1);
    }

    private static bool TryTakeWord(ref ReadOnlyMemory<byte> rest, out ReadOnlySpan<byte> word)
    {
        var blank = rest.Span.IndexOf((byte)' ');
        word = blank < 0 ? default : rest.Span[..blank];
        rest = blank < 0 ? rest : rest[(blank + 1)..];
        return blank >= 0;
    }
}
