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

    public Passage(string taskId, string part, long firstOffset = 0, long lastOffset = 0) =>
        (TaskId, Part, FirstOffset, LastOffset) = (taskId, part, firstOffset, lastOffset);

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
        (LastOffset, Length) = (offset, Length + text.Length);
    }

    /// <summary>The words, and those by which a search keeps to the newest passages and to a part: these have a colon, which no word has.</summary>
    public string ToTsVector(long id)
    {
        var vector = new StringBuilder(_words.Count * 10);
        foreach (var word in _words)
        {
            vector.Append('\'').Append(word).Append("' ");
        }

        return vector.Append(CultureInfo.InvariantCulture, $"'{Segments.Small(id)}' '{Segments.Large(id)}' 'in:{Part}'").ToString();
    }
}

/// <summary>
/// Passages of neighbouring ids belong to one segment, small and large. A GIN index gives its matches in no order: asked for those of the newest segments only,
/// it finds the newest ones without all the others.
/// </summary>
internal static class Segments
{
    public const int SmallBits = 10;
    public const int LargeBits = 15;

    public static string Small(long id) => SmallOf(id >> SmallBits);

    public static string Large(long id) => LargeOf(id >> LargeBits);

    public static string SmallOf(long segment) => string.Create(CultureInfo.InvariantCulture, $"s:{segment}");

    public static string LargeOf(long segment) => string.Create(CultureInfo.InvariantCulture, $"l:{segment}");

    /// <summary>Groups of segments from the one of <paramref name="newest"/> back to the first, each group about twice as large as the one before.</summary>
    public static IEnumerable<IReadOnlyList<string>> Back(long newest)
    {
        var large = newest >> LargeBits;
        var (small, firstSmall) = (newest >> SmallBits, large << (LargeBits - SmallBits));
        for (var count = 1; small >= firstSmall; small -= count, count *= 2)
        {
            yield return [.. Down(small, Math.Min(count, (int)(small - firstSmall) + 1)).Select(SmallOf)];
        }

        large--;
        for (var count = 1; large >= 0; large -= count, count *= 2)
        {
            yield return [.. Down(large, (int)Math.Min(count, large + 1)).Select(LargeOf)];
        }
    }

    private static IEnumerable<long> Down(long from, int count) => Enumerable.Range(0, count).Select(i => from - i);
}
