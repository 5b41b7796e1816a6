using System.Runtime.CompilerServices;

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

    /// <summary>Of values that count as zero.</summary>
    private const int ZeroBucket = int.MinValue;

    /// <summary>Bit of a byte that says that the number goes on.</summary>
    private const byte More = 0x80;

    /// <summary>Bytes of the largest number.</summary>
    private const int MaxNumberLength = 10;

    private static readonly double LogGamma = Math.Log(Gamma);

    /// <summary>No bucket is lower.</summary>
    private static readonly int Lowest = BucketOf(SmallestValue);

    /// <summary>How many buckets there can be: not so many that they would not fit on the stack.</summary>
    private static readonly int Width = BucketOf(LargestValue) - Lowest + 1;

    private long _zeros;

    /// <summary>Ascending; the first <see cref="_used"/> of them are. Most histograms are of a few tasks.</summary>
    private int[] _buckets = [];

    /// <summary>Of each bucket.</summary>
    private long[] _counts = [];
    private int _used;

    public long Count { get; private set; }

    /// <summary>Whether nothing is in it, not even in part: a bucket may be below zero while what was taken out comes before what was put in.</summary>
    public bool IsEmpty => _zeros == 0 && !_counts.AsSpan(0, _used).ContainsAnyExcept(0L);

    /// <summary>The bucket of a value, which is worked out once where it is added to many histograms.</summary>
    /// <param name="value">Not negative.</param>
    public static int BucketOf(double value) =>
        value < SmallestValue ? ZeroBucket : (int)Math.Ceiling(Math.Log(Math.Min(value, LargestValue)) / LogGamma);

    /// <param name="value">Not negative.</param>
    /// <param name="times">How often; negative to take it out.</param>
    public void Add(double value, long times) => AddTo(BucketOf(value), times);

    /// <param name="bucket">From <see cref="BucketOf"/>.</param>
    /// <param name="times">How often; negative to take it out.</param>
    public void AddTo(int bucket, long times)
    {
        if (bucket == ZeroBucket)
        {
            _zeros += times;
        }
        else
        {
            var place = _buckets.AsSpan(0, _used).BinarySearch(bucket);
            AddAt(place < 0 ? ~place : place, bucket, times);
        }

        Count += times;
    }

    public void Add(LogHistogram other)
    {
        _zeros += other._zeros;
        Count += other.Count;
        var place = 0;
        for (var i = 0; i < other._used; i++)
        {
            place = PlaceOf(other._buckets[i], place);
            AddAt(place, other._buckets[i], other._counts[i]);
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

        for (var i = 0; i < _used; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
            {
                return ValueOf(_buckets[i]);
            }
        }

        return ValueOf(_buckets[_used - 1]);
    }

    /// <summary>The buckets that hold something, upwards: what their values are about, and how many there are.</summary>
    public IEnumerable<(double Value, long Count)> Buckets()
    {
        if (_zeros != 0)
        {
            yield return (0, _zeros);
        }

        for (var i = 0; i < _used; i++)
        {
            if (_counts[i] != 0)
            {
                yield return (ValueOf(_buckets[i]), _counts[i]);
            }
        }
    }

    /// <summary>
    /// Compact, in variable-length numbers: the zeros, the first bucket, how many numbers follow, and these: an even one is the count of the next bucket, an odd one passes over buckets
    /// that hold nothing. So a bucket takes one byte mostly. It says by itself where it ends: several of them, one after the other, are their sum.
    /// </summary>
    public byte[] ToBytes()
    {
        var (numbers, first, next) = (0, 0, 0);
        var body = new byte[2 * MaxNumberLength * _used];
        var length = 0;
        for (var i = 0; i < _used; i++)
        {
            if (_counts[i] == 0)
            {
                continue;
            }

            if (numbers == 0)
            {
                (first, next) = (_buckets[i], _buckets[i]);
            }
            else if (_buckets[i] > next)
            {
                length = Write(body, length, ((ulong)(_buckets[i] - next) << 1) | 1);
                numbers++;
            }

            length = Write(body, length, Signed(_counts[i]) << 1);
            numbers++;
            next = _buckets[i] + 1;
        }

        var bytes = new byte[(3 * MaxNumberLength) + length];
        var head = Write(bytes, 0, Signed(_zeros));
        head = Write(bytes, head, Signed(first));
        head = Write(bytes, head, (ulong)numbers);
        body.AsSpan(0, length).CopyTo(bytes.AsSpan(head));
        return bytes[..(head + length)];
    }

    /// <summary>Adds what <see cref="ToBytes"/> wrote, once or several times in a row.</summary>
    /// <param name="bytes">From there.</param>
    /// <param name="times">How often; negative to take it out.</param>
    /// <exception cref="FormatException">They are not from there.</exception>
    public void Add(ReadOnlySpan<byte> bytes, int times = 1)
    {
        // Added up by place, and put into their order once: the sum of many has most buckets of most of them.
        Span<long> counts = stackalloc long[Width];
        var (first, last) = (Width, -1);
        while (!bytes.IsEmpty)
        {
            var zeros = times * Signed(Read(ref bytes));
            _zeros += zeros;
            Count += zeros;
            var place = Signed(Read(ref bytes)) - Lowest;
            for (var left = Read(ref bytes); left > 0; left--)
            {
                var number = Read(ref bytes);
                if ((ulong)place >= (ulong)counts.Length)
                {
                    throw new FormatException("These bytes are no histogram.");
                }

                if ((number & 1) != 0)
                {
                    place += (long)(number >> 1);
                    continue;
                }

                var count = times * Signed(number >> 1);
                (first, last) = (Math.Min(first, (int)place), Math.Max(last, (int)place));
                counts[(int)place] += count;
                Count += count;
                place++;
            }
        }

        if (first <= last)
        {
            Merge(counts[first..(last + 1)], Lowest + first);
        }
    }

    /// <param name="counts">Of buckets that follow one another.</param>
    /// <param name="bucket">The first of them.</param>
    private void Merge(ReadOnlySpan<long> counts, int bucket)
    {
        if (AddToKnown(counts, bucket))
        {
            return;
        }

        var (buckets, sums) = (new int[_used + counts.Length], new long[_used + counts.Length]);
        var (mine, length) = (0, 0);
        for (var i = 0; i < counts.Length; i++, bucket++)
        {
            while (mine < _used && _buckets[mine] < bucket)
            {
                (buckets[length], sums[length++]) = (_buckets[mine], _counts[mine++]);
            }

            var count = counts[i];
            if (mine < _used && _buckets[mine] == bucket)
            {
                count += _counts[mine++];
            }

            if (count != 0)
            {
                (buckets[length], sums[length++]) = (bucket, count);
            }
        }

        for (; mine < _used; mine++)
        {
            (buckets[length], sums[length++]) = (_buckets[mine], _counts[mine]);
        }

        (_buckets, _counts, _used) = (buckets, sums, length);
    }

    /// <summary>Only where there is room for all of them, as there mostly is in the sum of many.</summary>
    private bool AddToKnown(ReadOnlySpan<long> counts, int bucket)
    {
        for (var (i, place) = (0, 0); i < counts.Length; i++)
        {
            if (counts[i] != 0 && ((place = PlaceOf(bucket + i, place)) == _used || _buckets[place] != bucket + i))
            {
                return false;
            }
        }

        for (var (i, place) = (0, 0); i < counts.Length; i++)
        {
            if (counts[i] != 0)
            {
                place = PlaceOf(bucket + i, place);
                _counts[place] += counts[i];
            }
        }

        return true;
    }

    /// <summary>The value that is within the error of every value of the bucket.</summary>
    private static double ValueOf(int index) => 2 * Math.Exp(index * LogGamma) / (Gamma + 1);

    /// <summary>Where a bucket is or belongs, at or after a place: buckets that come in their order are found by going along.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int PlaceOf(int bucket, int from)
    {
        var buckets = _buckets.AsSpan(0, _used);
        while (from < buckets.Length && buckets[from] < bucket)
        {
            from++;
        }

        return from;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddAt(int place, int bucket, long times)
    {
        if (place == _used || _buckets[place] != bucket)
        {
            MakeRoom(place);
            _buckets[place] = bucket;
        }

        _counts[place] += times;
    }

    private void MakeRoom(int place)
    {
        if (_used == _buckets.Length)
        {
            var length = Math.Max(4, 2 * _used);
            Array.Resize(ref _buckets, length);
            Array.Resize(ref _counts, length);
        }

        Array.Copy(_buckets, place, _buckets, place + 1, _used - place);
        Array.Copy(_counts, place, _counts, place + 1, _used - place);
        _counts[place] = 0;
        _used++;
    }

    /// <summary>Small numbers of either sign become small ones.</summary>
    private static ulong Signed(long value) => (ulong)((value << 1) ^ (value >> 63));

    private static long Signed(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    /// <returns>Where the next number begins.</returns>
    private static int Write(byte[] bytes, int at, ulong value)
    {
        while (value >= More)
        {
            bytes[at++] = (byte)(value | More);
            value >>= 7;
        }

        bytes[at++] = (byte)value;
        return at;
    }

    /// <summary>Nearly all numbers are of one byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Read(ref ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || bytes[0] >= More)
        {
            return ReadLong(ref bytes);
        }

        ulong value = bytes[0];
        bytes = bytes[1..];
        return value;
    }

    private static ulong ReadLong(ref ReadOnlySpan<byte> bytes)
    {
        var value = 0UL;
        for (var shift = 0; shift < 64 && !bytes.IsEmpty; shift += 7)
        {
            var part = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(part & (More - 1)) << shift;
            if (part < More)
            {
                return value;
            }
        }

        throw new FormatException("These bytes are no histogram.");
    }
}
