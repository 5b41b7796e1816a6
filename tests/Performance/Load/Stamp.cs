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

    /// <summary>Finds the first stamp in a frame; nothing else in it may hold the mark.</summary>
    /// <param name="frame">The frame, or what is left of it.</param>
    /// <param name="stamp">The stamp.</param>
    /// <param name="end">Where the search for the next one goes on: some servers put several messages into a frame.</param>
    public static bool TryRead(ReadOnlySpan<byte> frame, out Stamp stamp, out int end)
    {
        (stamp, end) = (default, 0);
        var begin = frame.IndexOf((byte)Mark) + 1;
        var rest = frame[begin..];
        if (begin == 0
            || !Utf8Parser.TryParse(rest, out long number, out var length)
            || !Utf8Parser.TryParse(rest[(length + 1)..], out long sentAt, out _))
        {
            return false;
        }

        (stamp, end) = (new Stamp(number, sentAt), begin + length);
        return true;
    }
}
