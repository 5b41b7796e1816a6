namespace GrooteDashboard.Domain.Analytics;

/// <summary>
/// Counts of values in buckets whose bounds grow by a constant factor: any quantile of any union of histograms is known to within
/// <see cref="RelativeError"/>, and a value that was added can be taken out again. This is DDSketch with an unbounded store (Masson, Rim and Lee, "DDSketch: A
/// Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", PVLDB 12(12), 2019).
/// </summary>
public sealed class LogHistogram
{
    /// <summary>How far a quantile may be from the true value, as a part of it.</summary>
    public const double RelativeError = 0.01;

    /// <summary>What is smaller counts as zero.</summary>
    public const double SmallestValue = 1e-9;

    /// <summary>What is larger counts as this. A year of seconds and the highest cost are far below.</summary>
    public const double LargestValue = 1e12;

    private const double Gamma = (1 + RelativeError) / (1 - RelativeError);

    private static readonly double LogGamma = Math.Log(Gamma);

    private long _zeros;

    /// <summary>Counts of neighbouring buckets; the first is bucket <see cref="_first"/>.</summary>
    private long[] _counts = [];
    private int _first;

    public long Count { get; private set; }

    /// <summary>Whether nothing is in it, not even in part: a bucket may be below zero while what was taken out comes before what was put in.</summary>
    public bool IsEmpty => _zeros == 0 && Array.TrueForAll(_counts, count => count == 0);

    /// <param name="value">Not negative.</param>
    /// <param name="times">How often; negative to take it out.</param>
    public void Add(double value, long times)
    {
        if (value < SmallestValue)
        {
            _zeros += times;
        }
        else
        {
            var index = (int)Math.Ceiling(Math.Log(Math.Min(value, LargestValue)) / LogGamma);
            Reach(index, index);
            _counts[index - _first] += times;
        }

        Count += times;
    }

    public void Add(LogHistogram other)
    {
        _zeros += other._zeros;
        Count += other.Count;
        if (other._counts.Length == 0)
        {
            return;
        }

        Reach(other._first, other._first + other._counts.Length - 1);
        var into = _counts.AsSpan(other._first - _first);
        for (var i = 0; i < other._counts.Length; i++)
        {
            into[i] += other._counts[i];
        }
    }

    /// <summary>The nearest-rank quantile: the smallest value that at least this part of all values does not exceed. Null where there is none.</summary>
    /// <param name="quantile">0 to 1.</param>
    public double? Quantile(double quantile)
    {
        if (Count <= 0)
        {
            return null;
        }

        var rank = Math.Max(1, (long)Math.Ceiling(quantile * Count));
        var seen = _zeros;
        if (seen >= rank)
        {
            return 0;
        }

        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
            {
                return ValueOf(_first + i);
            }
        }

        return ValueOf(_first + _counts.Length - 1);
    }

    /// <summary>The buckets that hold something, upwards: what their values are about, and how many there are.</summary>
    public IEnumerable<(double Value, long Count)> Buckets()
    {
        if (_zeros != 0)
        {
            yield return (0, _zeros);
        }

        for (var i = 0; i < _counts.Length; i++)
        {
            if (_counts[i] != 0)
            {
                yield return (ValueOf(_first + i), _counts[i]);
            }
        }
    }

    /// <summary>Compact: a variable-length number for the zeros, then for every bucket in use its distance from the one before and its count.</summary>
    public byte[] ToBytes()
    {
        var bytes = new List<byte>(16 + (2 * _counts.Length));
        Write(bytes, _zeros);
        var previous = 0;
        for (var i = 0; i < _counts.Length; i++)
        {
            if (_counts[i] != 0)
            {
                Write(bytes, _first + i - previous);
                Write(bytes, _counts[i]);
                previous = _first + i;
            }
        }

        return [.. bytes];
    }

    /// <summary>Adds what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="FormatException">They are not from there.</exception>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        var zeros = Read(ref bytes);
        _zeros += zeros;
        Count += zeros;
        var index = 0L;
        while (!bytes.IsEmpty)
        {
            index += Read(ref bytes);
            var count = Read(ref bytes);
            if (index is < -10_000 or > 10_000)
            {
                throw new FormatException("These bytes are no histogram.");
            }

            Reach((int)index, (int)index);
            _counts[(int)index - _first] += count;
            Count += count;
        }
    }

    /// <summary>The value that is within the error of every value of the bucket.</summary>
    private static double ValueOf(int index) => 2 * Math.Exp(index * LogGamma) / (Gamma + 1);

    /// <summary>Makes room for these buckets, and some to spare.</summary>
    private void Reach(int from, int to)
    {
        if (_counts.Length > 0 && from >= _first && to < _first + _counts.Length)
        {
            return;
        }

        var (first, last) = _counts.Length == 0 ? (from, to) : (Math.Min(from, _first), Math.Max(to, _first + _counts.Length - 1));
        var spare = _counts.Length / 2;
        (first, last) = (first < _first ? first - spare : first, last >= _first + _counts.Length ? last + spare : last);
        var counts = new long[last - first + 1];
        _counts.CopyTo(counts, _counts.Length == 0 ? 0 : _first - first);
        (_counts, _first) = (counts, first);
    }

    private static void Write(List<byte> bytes, long value)
    {
        // Small numbers of either sign take one byte.
        var rest = (ulong)((value << 1) ^ (value >> 63));
        while (rest >= 0x80)
        {
            bytes.Add((byte)(rest | 0x80));
            rest >>= 7;
        }

        bytes.Add((byte)rest);
    }

    private static long Read(ref ReadOnlySpan<byte> bytes)
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (bytes.IsEmpty)
            {
                break;
            }

            var part = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return (long)(value >> 1) ^ -(long)(value & 1);
            }
        }

        throw new FormatException("These bytes are no histogram.");
    }
}
