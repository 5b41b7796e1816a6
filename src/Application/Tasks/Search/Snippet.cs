namespace GrooteDashboard.Application.Tasks.Search;

/// <summary>A piece of a line around what was found, as text: whoever shows it marks the ranges itself.</summary>
/// <param name="Text">The piece.</param>
/// <param name="Ranges">Start and end of what was found in it, in UTF-16 units as JavaScript counts them.</param>
public sealed record Snippet(string Text, IReadOnlyList<int[]> Ranges)
{
    public const int MaxLength = 300;

    /// <summary>Characters before the first place.</summary>
    private const int Before = 80;

    public static Snippet Of(string line, IReadOnlyList<(int Start, int End)> ranges)
    {
        if (line.Length <= MaxLength)
        {
            return new Snippet(line, [.. ranges.Select(range => new[] { range.Start, range.End })]);
        }

        var start = Math.Clamp((ranges.Count > 0 ? ranges[0].Start : 0) - Before, 0, line.Length - MaxLength);
        // Not in the middle of a character.
        start += char.IsLowSurrogate(line[start]) ? 1 : 0;
        var end = Math.Min(start + MaxLength, line.Length);
        end -= end < line.Length && char.IsLowSurrogate(line[end]) ? 1 : 0;
        return new Snippet(
            line[start..end],
            [.. ranges.Where(range => range.Start < end && range.End > start).Select(range => new[] { Math.Max(range.Start, start) - start, Math.Min(range.End, end) - start })]);
    }
}
