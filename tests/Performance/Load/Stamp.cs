using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;

namespace GrooteDashboard.Performance.Load;

/// <summary>What a message says of itself inside its text: <c>@{number};{sent at};</c> and filling up to a size.</summary>
internal readonly record struct Stamp(long Number, long SentAt)
{
    private const char Mark = '@';
    private const char End = ';';

    public static Stamp Now(long number) => new(number, Stopwatch.GetTimestamp());

    public string ToText(int size) =>
        string.Create(CultureInfo.InvariantCulture, $"{Mark}{Number}{End}{SentAt}{End}").PadRight(size, 'x');

    /// <summary>Finds the stamp in a frame; nothing else in it may hold the mark.</summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, out Stamp stamp)
    {
        stamp = default;
        var rest = frame[(frame.IndexOf((byte)Mark) + 1)..];
        if (rest.Length == frame.Length
            || !Utf8Parser.TryParse(rest, out long number, out var length)
            || !Utf8Parser.TryParse(rest[(length + 1)..], out long sentAt, out _))
        {
            return false;
        }

        stamp = new Stamp(number, sentAt);
        return true;
    }
}
