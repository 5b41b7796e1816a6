using System.Globalization;
using System.Numerics;

namespace GrooteDashboard.Application.Tasks.Search;

/// <summary>
/// Cuts text into the words by which it is found. A word is a run of letters, digits and <c>_</c>; an identifier of several words
/// (<c>max_page_size</c>, <c>MaxPageSize</c>) is found as a whole and by each of them. Every ideograph is a word. Case does not matter. The same rules cut
/// text that is indexed and what is searched for.
/// </summary>
public static class SearchWords
{
    /// <summary>Longer words are known by their beginning.</summary>
    public const int MaxLength = 64;

    private const int MinPartLength = 2;

    /// <summary>Adds the words of a text, in lower case.</summary>
    public static void Collect(ReadOnlySpan<char> text, HashSet<string> words)
    {
        // Most words of a text are repeats, which cost no string.
        var known = words.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> lower = stackalloc char[MaxLength];
        foreach (var (start, length) in Enumerate(text))
        {
            known.Add(lower[..Lower(text.Slice(start, length), lower)]);
        }
    }

    /// <summary>
    /// Adds every two words that stand side by side, whatever stands between them, as hashes. A text that begins or ends in the middle of an identifier is found
    /// there, too: so its neighbours are also those of its last and of its first part.
    /// </summary>
    public static void CollectPairs(ReadOnlySpan<char> text, HashSet<ulong> pairs)
    {
        Span<char> lower = stackalloc char[MaxLength];
        var (before, current, end) = (default(Neighbour), default(Neighbour), 0);
        foreach (var (start, length) in Enumerate(text))
        {
            var hash = Hash(lower[..Lower(text.Slice(start, length), lower)]);
            if (start < end)
            {
                current = new Neighbour(current.Run, current.HasParts ? current.First : hash, hash, HasParts: true);
                continue;
            }

            Join(before, current, pairs);
            (before, current, end) = (current, new Neighbour(hash, hash, hash, HasParts: false), start + length);
        }

        Join(before, current, pairs);
    }

    /// <summary>Two words side by side, as they are searched for.</summary>
    public static ulong PairOf(ReadOnlySpan<char> first, ReadOnlySpan<char> second) => Pair(Hash(first), Hash(second));

    /// <summary>The places of all words: each run, followed by its parts.</summary>
    internal static Enumerator Enumerate(ReadOnlySpan<char> text, bool withParts = true) => new(text, withParts);

    /// <summary>Writes the word as it is indexed.</summary>
    /// <returns>Its length.</returns>
    internal static int Lower(ReadOnlySpan<char> word, Span<char> lower)
    {
        var length = Math.Min(word.Length, MaxLength);
        return word[..length].ToLowerInvariant(lower);
    }

    private static void Join(Neighbour first, Neighbour second, HashSet<ulong> pairs)
    {
        if (first.Run == 0 || second.Run == 0)
        {
            return;
        }

        pairs.Add(Pair(first.Run, second.Run));
        if (first.HasParts)
        {
            pairs.Add(Pair(first.Last, second.Run));
        }

        if (second.HasParts)
        {
            pairs.Add(Pair(first.Run, second.First));
            pairs.Add(Pair(first.Last, second.First));
        }
    }

    /// <summary>FNV-1a: it is stored, so that it must be the same in every process and every version. Never 0.</summary>
    private static ulong Hash(ReadOnlySpan<char> word)
    {
        var hash = 14_695_981_039_346_656_037UL;
        foreach (var c in word)
        {
            hash = (hash ^ c) * 1_099_511_628_211UL;
        }

        return hash | 1;
    }

    /// <summary>Every bit of both words changes every bit of the pair (the end of MurmurHash3).</summary>
    private static ulong Pair(ulong first, ulong second)
    {
        var hash = BitOperations.RotateLeft(first, 31) ^ second;
        hash = (hash ^ (hash >> 33)) * 0xFF51_AFD7_ED55_8CCDUL;
        hash = (hash ^ (hash >> 33)) * 0xC4CE_B9FE_1A85_EC53UL;
        return hash ^ (hash >> 33);
    }

    private static bool IsWord(char c) =>
        char.IsAsciiLetterOrDigit(c) || c == '_'
        || (c > '\u007F' && (char.IsLetterOrDigit(c) || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark));

    /// <summary>Of scripts that are written without spaces.</summary>
    private static bool IsIdeograph(char c) => c is >= '\u2E80' and <= '\u9FFF' or >= '\uAC00' and <= '\uD7AF' or >= '\uF900' and <= '\uFAFF';

    /// <param name="Run">The whole word; 0 where there is none.</param>
    /// <param name="First">Its first part, or the word.</param>
    /// <param name="Last">Its last part, or the word.</param>
    /// <param name="HasParts">Whether it has parts.</param>
    private readonly record struct Neighbour(ulong Run, ulong First, ulong Last, bool HasParts);

    internal ref struct Enumerator(ReadOnlySpan<char> text, bool withParts)
    {
        private readonly ReadOnlySpan<char> _text = text;
        private int _next;
        private int _part;
        private int _end;

        public (int Start, int Length) Current { get; private set; }

        public readonly Enumerator GetEnumerator() => this;

        public bool MoveNext() => MoveToPart() || MoveToRun();

        private bool MoveToRun()
        {
            while (_next < _text.Length && !IsWord(_text[_next]))
            {
                _next++;
            }

            if (_next == _text.Length)
            {
                return false;
            }

            var start = _next++;
            var parts = _text[start] == '_';
            if (!IsIdeograph(_text[start]))
            {
                for (; _next < _text.Length && IsWord(_text[_next]) && !IsIdeograph(_text[_next]); _next++)
                {
                    parts |= _text[_next] == '_' || IsBoundary(_next);
                }
            }

            (_part, _end) = (parts && withParts ? start : _next, _next);
            Current = (start, _next - start);
            return true;
        }

        private bool MoveToPart()
        {
            while (_part < _end)
            {
                while (_part < _end && _text[_part] == '_')
                {
                    _part++;
                }

                var start = _part;
                while (_part < _end && _text[_part] != '_' && (_part == start || !IsBoundary(_part)))
                {
                    _part++;
                }

                if (_part - start >= MinPartLength)
                {
                    Current = (start, _part - start);
                    return true;
                }
            }

            return false;
        }

        /// <summary>Whether a part begins here: <c>pageSize</c>, <c>HTTPServer</c>.</summary>
        private readonly bool IsBoundary(int i) => char.IsUpper(_text[i])
            && (!char.IsUpper(_text[i - 1]) || (i + 1 < _text.Length && char.IsLower(_text[i + 1])));
    }
}
