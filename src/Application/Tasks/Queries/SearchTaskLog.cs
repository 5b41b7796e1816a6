using System.Globalization;
using System.Text.RegularExpressions;
using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Application.Tasks.Search;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Queries;

/// <summary>Searches the lines of one task's output, oldest first; null where there is no such task.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Text">What stands in a line.</param>
/// <param name="IsRegex">Whether it is a regular expression.</param>
/// <param name="MatchCase">Whether case matters.</param>
/// <param name="Kinds">Only output of these kinds; empty for all.</param>
/// <param name="After">What the page before said; null from the beginning.</param>
/// <param name="Limit">Lines on a page.</param>
public sealed record SearchTaskLogQuery(
    string TaskId, string Text, bool IsRegex, bool MatchCase, IReadOnlyList<string> Kinds, string? After, int Limit) : IQuery<LogSearchPage?>
{
    public const int MaxLimit = 1_000;
    public const int MaxLength = 200;
}

/// <param name="Offset">The entry of the log in which the line starts.</param>
/// <param name="Line">Its place among the lines that start there, from 0.</param>
/// <param name="Address">The line's name in links (<c>?line=L120.3</c>).</param>
/// <param name="Kind">Kind of output.</param>
/// <param name="Timestamp">When it was written.</param>
/// <param name="Snippet">The line, or a piece of it. Text, never HTML.</param>
/// <param name="Ranges">Start and end of what was found in the snippet, in UTF-16 units.</param>
public sealed record LogSearchHit(
    long Offset, int Line, string Address, string Kind, DateTimeOffset Timestamp, string Snippet, IReadOnlyList<int[]> Ranges);

/// <param name="TaskId">The task.</param>
/// <param name="Items">Lines, oldest first.</param>
/// <param name="More">Whether the rest of the log was not searched: the page is full, or it took too long.</param>
/// <param name="Next">What <c>after</c> must say to go on; null at the end.</param>
public sealed record LogSearchPage(string TaskId, IReadOnlyList<LogSearchHit> Items, bool More, string? Next);

internal sealed class SearchTaskLogValidator : AbstractValidator<SearchTaskLogQuery>
{
    public SearchTaskLogValidator()
    {
        RuleFor(q => q.Text).NotEmpty().MaximumLength(SearchTaskLogQuery.MaxLength).WithName("q");
        RuleFor(q => q.Text).Must((query, text) => !query.IsRegex || text.Length > SearchTaskLogQuery.MaxLength || LineMatcher.TryCreate(query) is not null)
            .WithName("q").WithMessage("q is no regular expression that can be searched for: look-around and back-references cannot.");
        RuleFor(q => q.Limit).InclusiveBetween(1, SearchTaskLogQuery.MaxLimit).WithName("limit");
        RuleFor(q => q.After).Must(after => after is null || LogSearchCursor.Parse(after) is not null).WithName("after")
            .WithMessage("after is none that this search gave.");
        RuleForEach(q => q.Kinds).OverrideIndexer((_, _, _, _) => "").Must(OutputKinds.All.Contains).OverridePropertyName("kinds")
            .WithMessage("kinds must be any of output, thinking, tool_call, tool_result, system.");
    }
}

internal sealed class SearchTaskLogHandler(ITaskLogReader log, TimeProvider time) : IRequestHandler<SearchTaskLogQuery, LogSearchPage?>
{
    /// <summary>One request searches no longer than this; the next one goes on.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>The clock is looked at once for so many entries.</summary>
    private const int EntriesPerLook = 100;

    private const int MaxRanges = 50;

    public async Task<LogSearchPage?> Handle(SearchTaskLogQuery query, CancellationToken cancellationToken)
    {
        if (await log.PeekAsync(query.TaskId, cancellationToken) is null)
        {
            return null;
        }

        var matcher = LineMatcher.TryCreate(query)!;
        var from = query.After is null ? LogSearchCursor.Beginning : LogSearchCursor.Parse(query.After)!;
        var hits = new List<LogSearchHit>();
        var (started, looks) = (time.GetTimestamp(), 0);
        var lines = new LogLines();
        // From the entry before: it tells whether the first text is the rest of a line that started earlier.
        await foreach (var entry in log.ReadTextsAsync(query.TaskId, Math.Max(from.Offset - 2, 0), cancellationToken))
        {
            // A line that the page before left open is read to its end, or the next page would not get any further either.
            if (++looks % EntriesPerLook == 0 && time.GetElapsedTime(started) > Patience
                && new LogSearchCursor(lines.Open?.Offset ?? entry.Offset, lines.Open?.Index ?? 0) is var reached && reached.IsAfter(from))
            {
                return new LogSearchPage(query.TaskId, hits, true, reached.ToString());
            }

            // A change of status ends the line that is open, as on the page.
            foreach (var line in entry.Kind is { } kind ? lines.Add(entry.Offset, kind, entry.Timestamp, entry.Text) : lines.End())
            {
                Look(line);
                if (hits.Count == query.Limit)
                {
                    return new LogSearchPage(query.TaskId, hits, true, new LogSearchCursor(line.Offset, line.Index + 1).ToString());
                }
            }
        }

        foreach (var line in lines.End())
        {
            Look(line);
        }

        return new LogSearchPage(query.TaskId, hits, false, null);

        void Look(LogLine line)
        {
            if (from.IsBefore(line) && (query.Kinds.Count == 0 || query.Kinds.Contains(line.Kind)) && matcher.Find(line.Text, MaxRanges) is { Count: > 0 } ranges)
            {
                var snippet = Snippet.Of(line.Text, ranges);
                hits.Add(new LogSearchHit(line.Offset, line.Index, line.Address, line.Kind, line.Timestamp, snippet.Text, snippet.Ranges));
            }
        }
    }
}

/// <summary>Where the search goes on: at a line of the entry, or at what starts after it.</summary>
internal sealed record LogSearchCursor(long Offset, int Index)
{
    public static LogSearchCursor Beginning { get; } = new(1, 0);

    public static LogSearchCursor? Parse(string text) =>
        text.Split('.') is [var offset, var index]
        && long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out var entry) && entry > 0
        && int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var line)
            ? new LogSearchCursor(entry, line)
            : null;

    public bool IsAfter(LogSearchCursor other) => (Offset, Index).CompareTo((other.Offset, other.Index)) > 0;

    public bool IsBefore(LogLine line) => line.Offset > Offset || (line.Offset == Offset && line.Index >= Index);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Offset}.{Index}");
}

/// <summary>Finds a text or a regular expression in a line, in time that grows with the line's length only.</summary>
internal sealed class LineMatcher
{
    private readonly string? _text;
    private readonly StringComparison _comparison;
    private readonly Regex? _regex;

    private LineMatcher(string? text, StringComparison comparison, Regex? regex) => (_text, _comparison, _regex) = (text, comparison, regex);

    /// <summary>Null where it is a regular expression that cannot be used.</summary>
    public static LineMatcher? TryCreate(SearchTaskLogQuery query)
    {
        if (!query.IsRegex)
        {
            return new LineMatcher(query.Text, query.MatchCase ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase, null);
        }

        try
        {
            // Without backtracking no expression can burn CPU; a large one is refused.
            var options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | (query.MatchCase ? RegexOptions.None : RegexOptions.IgnoreCase);
            return new LineMatcher(null, default, new Regex(query.Text, options, TimeSpan.FromSeconds(1)));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    public List<(int Start, int End)> Find(string line, int limit)
    {
        var ranges = new List<(int Start, int End)>();
        if (_regex is not null)
        {
            foreach (var match in _regex.EnumerateMatches(line))
            {
                // An empty match is nowhere.
                if (match.Length > 0)
                {
                    ranges.Add((match.Index, match.Index + match.Length));
                }

                if (ranges.Count == limit)
                {
                    break;
                }
            }

            return ranges;
        }

        for (var at = 0; ranges.Count < limit && (at = line.IndexOf(_text!, at, _comparison)) >= 0; at += _text!.Length)
        {
            ranges.Add((at, at + _text!.Length));
        }

        return ranges;
    }
}
