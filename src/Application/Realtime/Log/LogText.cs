using System.Text;

namespace GrooteDashboard.Application.Realtime.Log;

/// <summary>Rules for text that comes from producers, the same live and stored.</summary>
public static class LogText
{
    /// <summary>Longer chunks are split (contract: 256 KB, counted in UTF-8 bytes).</summary>
    public const int MaxChunkBytes = 256 * 1024;

    /// <summary>Longer messages are refused, counted, and leave a line in the log that says so (contract: 16 MB).</summary>
    public const int MaxMessageBytes = 16 * 1024 * 1024;

    private const char Replacement = '\uFFFD';

    /// <summary>The line that stands in the log where a message was refused.</summary>
    public static string RefusedLine(long bytes) => $"A message of {bytes} bytes was refused: the limit is {MaxMessageBytes} bytes.\n";

    /// <summary>NUL and unpaired surrogates become U+FFFD: PostgreSQL cannot store the one, UTF-8 cannot carry the other.</summary>
    public static string Clean(string text)
    {
        var firstBad = IndexOfBad(text, 0);
        if (firstBad < 0)
        {
            return text;
        }

        return string.Create(text.Length, (text, firstBad), static (span, state) =>
        {
            state.text.CopyTo(span);
            for (var i = state.firstBad; i >= 0; i = IndexOfBad(state.text, i + 1))
            {
                span[i] = Replacement;
            }
        });
    }

    /// <summary>Decodes UTF-8 with U+FFFD in place of what is invalid, and cleans it.</summary>
    public static string Decode(ReadOnlySpan<byte> utf8) => Clean(Encoding.UTF8.GetString(utf8));

    /// <summary>The text in pieces of at most <see cref="MaxChunkBytes"/>, never inside a character, at a line's end where one is near.</summary>
    public static IEnumerable<string> Split(string text)
    {
        // Three bytes per UTF-16 unit at most, so that short text is not counted.
        if (text.Length <= MaxChunkBytes / 3 || Encoding.UTF8.GetByteCount(text) <= MaxChunkBytes)
        {
            yield return text;
            yield break;
        }

        var start = 0;
        while (start < text.Length)
        {
            var length = PieceLength(text, start);
            yield return text.Substring(start, length);
            start += length;
        }
    }

    private static int PieceLength(string text, int start)
    {
        var bytes = 0;
        var end = start;
        while (end < text.Length)
        {
            var units = char.IsHighSurrogate(text[end]) && end + 1 < text.Length ? 2 : 1;
            var size = units == 2 ? 4 : text[end] < 0x80 ? 1 : text[end] < 0x800 ? 2 : 3;
            if (bytes + size > MaxChunkBytes)
            {
                break;
            }

            bytes += size;
            end += units;
        }

        if (end == text.Length)
        {
            return end - start;
        }

        var lineEnd = text.LastIndexOf('\n', end - 1, end - start);
        return lineEnd - start > (end - start) / 2 ? lineEnd + 1 - start : end - start;
    }

    private static int IndexOfBad(string text, int from)
    {
        for (var i = from; i < text.Length; i++)
        {
            var unit = text[i];
            if (unit == '\0')
            {
                return i;
            }

            if (char.IsSurrogate(unit))
            {
                if (char.IsHighSurrogate(unit) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                {
                    i++;
                }
                else
                {
                    return i;
                }
            }
        }

        return -1;
    }
}
