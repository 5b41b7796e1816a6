using System.Globalization;
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

    /// <summary>Escapes of NUL and of unpaired surrogates become U+FFFD. Backslashes are legal in strings only, so that nothing else is met.</summary>
    public static string RepairEscapes(string json)
    {
        if (!json.Contains("\\u", StringComparison.Ordinal))
        {
            return json;
        }

        char[]? repaired = null;
        for (var i = json.IndexOf('\\', StringComparison.Ordinal); i >= 0 && i + 1 < json.Length; i = json.IndexOf('\\', i))
        {
            var length = 2;
            if (TryReadUnit(json, i, out var unit))
            {
                length = 6;
                if (char.IsHighSurrogate(unit) && TryReadUnit(json, i + 6, out var next) && char.IsLowSurrogate(next))
                {
                    length = 12;
                }
                else if (unit == '\0' || char.IsSurrogate(unit))
                {
                    repaired ??= json.ToCharArray();
                    "fffd".CopyTo(repaired.AsSpan(i + 2));
                }
            }

            i += length;
            if (i >= json.Length)
            {
                break;
            }
        }

        return repaired is null ? json : new string(repaired);
    }

    private static bool TryReadUnit(string json, int at, out char unit)
    {
        unit = default;
        if (at + 6 > json.Length || json[at] != '\\' || json[at + 1] != 'u'
            || !ushort.TryParse(json.AsSpan(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
        {
            return false;
        }

        unit = (char)code;
        return true;
    }

    /// <summary>Decodes UTF-8 with U+FFFD in place of what is invalid, and cleans it.</summary>
    public static string Decode(ReadOnlySpan<byte> utf8) => Clean(Encoding.UTF8.GetString(utf8));

    /// <summary>The text in pieces of at most <see cref="MaxChunkBytes"/>, never inside a character, at a line's end where one is near.</summary>
    public static IReadOnlyList<string> Split(string text)
    {
        // Three bytes per UTF-16 unit at most, so that short text is not counted.
        if (text.Length <= MaxChunkBytes / 3 || Encoding.UTF8.GetByteCount(text) <= MaxChunkBytes)
        {
            return [text];
        }

        var pieces = new List<string>();
        for (var start = 0; start < text.Length; start += pieces[^1].Length)
        {
            pieces.Add(text.Substring(start, PieceLength(text, start)));
        }

        return pieces;
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
        for (var i = IndexOfUnusual(text, from); i < text.Length; i = IndexOfUnusual(text, i + 1))
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

    /// <summary>Where the first unit is that may be bad: nearly always nowhere, which is found many units at a time. The text's length where there is none.</summary>
    private static int IndexOfUnusual(string text, int from)
    {
        var found = from < text.Length ? text.AsSpan(from).IndexOfAnyExceptInRange('\u0001', '\uD7FF') : -1;
        return found < 0 ? text.Length : from + found;
    }
}
