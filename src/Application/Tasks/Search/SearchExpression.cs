using System.Text.RegularExpressions;

namespace GrooteDashboard.Application.Tasks.Search;

/// <summary>
/// What is searched for: everything that it names, in one passage of text. <c>word</c> is a word, <c>word*</c> the beginning of one,
/// <c>"some words"</c> and <c>src/foo.cs:12</c> are texts that stand there as they are written, but for case.
/// </summary>
public sealed partial class SearchExpression
{
    public const int MaxLength = 200;
    public const int MaxTerms = 16;
    public const int MinPrefixLength = 3;

    private SearchExpression(IReadOnlyList<SearchTerm> terms) => Terms = terms;

    public IReadOnlyList<SearchTerm> Terms { get; }

    /// <summary>What stands there as it is written: the index knows words only, so that it must be looked for in the text.</summary>
    public bool HasLiterals => Terms.Any(term => term.Literal is not null);

    /// <summary>Words that must stand side by side for the literals to stand there, as <see cref="SearchWords.CollectPairs"/> knows them.</summary>
    public IReadOnlyList<ulong> Pairs() => [.. Terms.Where(term => term.Literal is not null).SelectMany(term => term.Pairs()).Distinct()];

    /// <summary>
    /// Whether the words of the literals stand side by side as whole words. Blocks of pairs leave other passages out; those that are in no block yet must not be
    /// found by another rule.
    /// </summary>
    public bool HasPairsIn(string text)
    {
        var pairs = Pairs();
        if (pairs.Count == 0)
        {
            return true;
        }

        var found = new HashSet<ulong>();
        SearchWords.CollectPairs(text, found);
        return pairs.All(found.Contains);
    }

    /// <summary>Null where the text cannot be searched for; <paramref name="reason"/> is a sentence that says why.</summary>
    public static SearchExpression? Parse(string text, out string reason)
    {
        var terms = new List<SearchTerm>();
        foreach (Match match in Term().Matches(text))
        {
            var (quoted, raw) = (match.Groups["quoted"].Success, match.Groups["quoted"].Success ? match.Groups["quoted"].Value : match.Value);
            var prefix = !quoted && raw.EndsWith('*');
            raw = (prefix ? raw.TrimEnd('*') : raw).Trim();
            var words = WordsOf(raw);
            if (words.Count == 0)
            {
                if (quoted || prefix || match.Length > 1)
                {
                    reason = $"q: nothing can be found by {match.Value}: it has no letter and no digit.";
                    return null;
                }

                continue;
            }

            if (prefix && words[^1].Length < MinPrefixLength)
            {
                reason = $"q: the beginning of a word needs at least {MinPrefixLength} characters before the *.";
                return null;
            }

            terms.Add(new SearchTerm(words, prefix, words.Count == 1 && words[0].Length == raw.Length ? null : raw));
        }

        reason = terms.Count == 0 ? "q must hold a word." : terms.Count > MaxTerms ? $"q may hold at most {MaxTerms} words." : "";
        return reason.Length == 0 ? new SearchExpression(terms) : null;
    }

    /// <summary>Whether every literal stands in the text.</summary>
    public bool IsIn(string text) => Terms.All(term => term.Literal is not { } literal || IndexOf(text, literal) >= 0);

    /// <summary>The places of what is searched for, in order and without overlap, as start and end; and how many of the terms are among them.</summary>
    public (IReadOnlyList<(int Start, int End)> Ranges, int Terms) FindIn(string text, int limit)
    {
        var ranges = new List<(int Start, int End)>();
        var found = 0;
        foreach (var term in Terms)
        {
            var before = ranges.Count;
            if (term.Literal is { } literal)
            {
                for (var at = 0; ranges.Count - before < limit && IndexOf(text.AsSpan(at), literal) is >= 0 and var place; at += place + literal.Length)
                {
                    ranges.Add((at + place, at + place + literal.Length));
                }
            }
            else
            {
                FindWord(text, term, limit, ranges);
            }

            found += ranges.Count > before ? 1 : 0;
        }

        return (Merge(ranges, limit), found);
    }

    private static void FindWord(string text, SearchTerm term, int limit, List<(int Start, int End)> ranges)
    {
        var word = term.Words[0];
        Span<char> lower = stackalloc char[SearchWords.MaxLength];
        foreach (var (start, length) in SearchWords.Enumerate(text))
        {
            ReadOnlySpan<char> candidate = lower[..SearchWords.Lower(text.AsSpan(start, length), lower)];
            if (term.IsPrefix ? candidate.StartsWith(word, StringComparison.Ordinal) : candidate.SequenceEqual(word))
            {
                ranges.Add((start, start + (term.IsPrefix ? word.Length : length)));
                if (--limit == 0)
                {
                    return;
                }
            }
        }
    }

    private static List<(int Start, int End)> Merge(List<(int Start, int End)> ranges, int limit)
    {
        ranges.Sort();
        var merged = new List<(int Start, int End)>();
        foreach (var range in ranges)
        {
            if (merged.Count > 0 && range.Start < merged[^1].End)
            {
                merged[^1] = (merged[^1].Start, Math.Max(merged[^1].End, range.End));
            }
            else if (merged.Count < limit)
            {
                merged.Add(range);
            }
        }

        return merged;
    }

    private static int IndexOf(ReadOnlySpan<char> text, string literal) => text.IndexOf(literal, StringComparison.OrdinalIgnoreCase);

    private static List<string> WordsOf(string raw)
    {
        var words = new List<string>();
        Span<char> lower = stackalloc char[SearchWords.MaxLength];
        foreach (var (start, length) in SearchWords.Enumerate(raw, withParts: false))
        {
            words.Add(lower[..SearchWords.Lower(raw.AsSpan(start, length), lower)].ToString());
        }

        return words;
    }

    [GeneratedRegex("\"(?<quoted>[^\"]*)\"?|[^\\s\"]+", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Term();
}

/// <param name="Words">The words that it consists of, as they are indexed.</param>
/// <param name="IsPrefix">Whether the last one is only the beginning of a word.</param>
/// <param name="Literal">What must stand in the text as it is; null for a single word.</param>
public sealed record SearchTerm(IReadOnlyList<string> Words, bool IsPrefix, string? Literal)
{
    /// <summary>Its words that stand side by side; of a last one that is only begun, nothing is known.</summary>
    public IEnumerable<ulong> Pairs() => Enumerable.Range(0, Math.Max(0, Words.Count - (IsPrefix ? 2 : 1))).Select(i => SearchWords.PairOf(Words[i], Words[i + 1]));
}
