using System.Globalization;
using System.Text;
using GrooteDashboard.Application.Realtime.Log;

namespace GrooteDashboard.Application.Tasks.Search;

/// <summary>
/// Puts lines together from the entries of a log, in order, and names them as the page does: by the entry in which a line starts, and its place among the
/// lines that start there. Output that comes in pieces goes on in the line that is open; every other kind of entry has lines of its own.
/// </summary>
public sealed class LogLines
{
    /// <summary>Of a line that is longer, the rest is left out.</summary>
    public const int MaxLineLength = 64 * 1024;

    private readonly StringBuilder _open = new();
    private LogLine? _start;

    /// <summary>The line that is open, without its text; null where none is.</summary>
    public LogLine? Open => _start;

    /// <summary>The lines that this entry ends. A line that it leaves open comes with a later entry, or with <see cref="End"/>.</summary>
    public IEnumerable<LogLine> Add(long offset, string kind, DateTimeOffset timestamp, string text)
    {
        var continues = kind == OutputKinds.Output;
        if (!continues)
        {
            foreach (var line in End())
            {
                yield return line;
            }
        }

        var (from, index) = (0, 0);
        while (from < text.Length)
        {
            var end = text.IndexOf('\n', from);
            _start ??= new LogLine(offset, index++, kind, timestamp, "");
            var piece = text.AsSpan(from, (end < 0 ? text.Length : end) - from);
            _open.Append(piece[..Math.Min(piece.Length, MaxLineLength - _open.Length)]);
            if (end < 0)
            {
                break;
            }

            yield return Close();
            from = end + 1;
        }

        if (!continues)
        {
            foreach (var line in End())
            {
                yield return line;
            }
        }
    }

    /// <summary>The line that is still open.</summary>
    public IEnumerable<LogLine> End()
    {
        if (_start is not null)
        {
            yield return Close();
        }
    }

    private LogLine Close()
    {
        var line = _start! with { Text = _open.ToString() };
        _open.Clear();
        _start = null;
        return line;
    }
}

/// <summary>A line of a task's log.</summary>
/// <param name="Offset">The entry in which it starts.</param>
/// <param name="Index">Its place among the lines that start there, from 0.</param>
/// <param name="Kind">Kind of output.</param>
/// <param name="Timestamp">When it was written.</param>
/// <param name="Text">Without its end.</param>
public sealed record LogLine(long Offset, int Index, string Kind, DateTimeOffset Timestamp, string Text)
{
    /// <summary>The line's name in links, such as <c>L120</c> or <c>L120.3</c>.</summary>
    public string Address => Index == 0
        ? string.Create(CultureInfo.InvariantCulture, $"L{Offset}")
        : string.Create(CultureInfo.InvariantCulture, $"L{Offset}.{Index}");
}
