using System.Globalization;

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

    /// <summary>The places of all words: each run, followed by its parts.</summary>
    internal static Enumerator Enumerate(ReadOnlySpan<char> text, bool withParts = true) => new(text, withParts);

    /// <summary>Writes the word as it is indexed.</summary>
    /// <returns>Its length.</returns>
    internal static int Lower(ReadOnlySpan<char> word, Span<char> lower)
    {
        var length = Math.Min(word.Length, MaxLength);
        for (var i = 0; i < length; i++)
        {
            lower[i] = char.ToLowerInvariant(word[i]);
        }

        return length;
    }

    private static bool IsWord(char c) =>
        char.IsAsciiLetterOrDigit(c) || c == '_'
        || (c > '\u007F' && (char.IsLetterOrDigit(c) || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark));

    /// <summary>Of scripts that are written without spaces.</summary>
    private static bool IsIdeograph(char c) => c is >= '\u2E80' and <= '\u9FFF' or >= '\uAC00' and <= '\uD7AF' or >= '\uF900' and <= '\uFAFF';

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
