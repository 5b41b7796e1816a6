using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using GrooteDashboard.Application.Tasks.Search;

namespace GrooteDashboard.Infrastructure.Persistence.Search;

/// <summary>A piece of text that is found as one: all words of a search must stand in it.</summary>
internal sealed class Passage
{
    /// <summary>Output is collected up to about this before the next passage begins, in characters.</summary>
    public const int FullLength = 8 * 1024;

    /// <summary>Of texts that are one passage, what is beyond this cannot be found: a tsvector holds 1 MB.</summary>
    public const int MaxLength = 256 * 1024;

    private readonly HashSet<string> _words = new(StringComparer.Ordinal);
    private readonly StringBuilder _text = new();

    public Passage(string taskId, string part, long firstOffset = 0, long lastOffset = 0) =>
        (TaskId, Part, FirstOffset, LastOffset) = (taskId, part, firstOffset, lastOffset);

    /// <summary>0 until it is stored.</summary>
    public long Id { get; set; }

    public string TaskId { get; }

    /// <summary>input, output, result or error.</summary>
    public string Part { get; }

    public long FirstOffset { get; }

    public long LastOffset { get; private set; }

    public int Length { get; private set; }

    public long Digest { get; private init; }

    public static Passage Of(string taskId, string part, string text)
    {
        var passage = new Passage(taskId, part) { Digest = DigestOf(text) };
        passage.Add(text, 0);
        return passage;
    }

    public static long DigestOf(string text) => BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(MemoryMarshal.AsBytes(text.AsSpan())));

    public void Add(string text, long offset)
    {
        SearchWords.Collect(text.AsSpan(0, Math.Min(text.Length, MaxLength)), _words);
        _text.Append(text);
        (LastOffset, Length) = (offset, Length + text.Length);
    }

    public void CollectPairs(HashSet<ulong> pairs) => SearchWords.CollectPairs(_text.ToString(), pairs);

    /// <summary>The words, and those by which a search keeps to the newest passages and to a part: these have a colon, which no word has.</summary>
    public string ToTsVector()
    {
        var vector = new StringBuilder(_words.Count * 10);
        foreach (var word in _words)
        {
            vector.Append('\'').Append(word).Append("' ");
        }

        foreach (var segment in Segments.Of(Id))
        {
            vector.Append('\'').Append(segment).Append("' ");
        }

        return vector.Append(CultureInfo.InvariantCulture, $"'in:{Part}'").ToString();
    }
}

/// <summary>
/// Passages of neighbouring ids belong to one segment of each size. A GIN index gives its matches in no order: asked for those of the newest segment, and then
/// of older and larger ones, it finds the newest matches without all the others. One segment at a time: an OR of many costs more than it saves.
/// </summary>
internal static class Segments
{
    /// <summary>Sizes as powers of two, each four times the one before.</summary>
    private static readonly int[] Sizes = [10, 12, 14, 16, 18];

    /// <summary>The segments to which a passage belongs, as they are indexed.</summary>
    public static IEnumerable<string> Of(long id) => Sizes.Select(bits => new Segment(bits, id >> bits).Name);

    /// <summary>All segments from that of <paramref name="newest"/> back to the first: none twice, and each at most one size larger than the one before.</summary>
    public static IEnumerable<Segment> Back(long newest)
    {
        var end = ((newest >> Sizes[0]) + 1) << Sizes[0];
        for (var (level, passed) = (0, 0); end > 0; passed++)
        {
            if (passed > 0 && level + 1 < Sizes.Length && (end & ((1L << Sizes[level + 1]) - 1)) == 0)
            {
                level++;
            }

            end -= 1L << Sizes[level];
            yield return new Segment(Sizes[level], end >> Sizes[level]);
        }
    }
}

/// <param name="Bits">Its size, as a power of two.</param>
/// <param name="Number">Which of this size.</param>
internal readonly record struct Segment(int Bits, long Number)
{
    public long First => Number << Bits;

    /// <summary>The first id that is not in it.</summary>
    public long End => (Number + 1) << Bits;

    /// <summary>As it is indexed.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"s{Bits}:{Number}");
}
