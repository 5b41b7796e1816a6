using System.Collections;
using System.Numerics;
using System.Runtime.InteropServices;

namespace GrooteDashboard.Infrastructure.Persistence.Search;

/// <summary>
/// Which of 1,024 passages hold two words side by side. A passage has a column of bits, a pair some rows: where they cross, there are ones. So whoever asks for a
/// pair reads its rows only, for all passages at once. A passage in which other pairs have set the same bits seems to hold it as well: one of some thousand.
/// (A Bloom filter of each passage, stored across, as BitFunnel does.)
/// </summary>
internal sealed class PairBlock
{
    /// <summary>Its size, as a power of two.</summary>
    public const int Bits = 10;

    /// <summary>A row, in bytes.</summary>
    public const int RowLength = (1 << Bits) / 8;

    /// <summary>More tell no more.</summary>
    private const int MaxAsked = 12;

    private const int RowsOfPair = 4;

    /// <summary>Rows for each pair of a passage, on average, at least: then one bit in six or fewer is set.</summary>
    private const int RowsForPair = 20;

    private const int MostRows = 1 << 15;
    private const int FewestRows = 1 << 8;

    private readonly byte[] _bits = new byte[MostRows * RowLength];
    private readonly BitArray _added = new(1 << Bits);
    private long _passages;
    private long _pairs;

    /// <summary>Whether the pairs of a passage of this block were added.</summary>
    public bool Has(long id) => _added[ColumnOf(id)];

    public void Add(long id, IReadOnlyCollection<ulong> pairs)
    {
        var column = ColumnOf(id);
        _added[column] = true;
        foreach (var pair in pairs)
        {
            for (var i = 0; i < RowsOfPair; i++)
            {
                _bits[((RowOf(pair, i) & (MostRows - 1)) * RowLength) + (column >> 3)] |= (byte)(1 << (column & 7));
            }
        }

        _passages++;
        _pairs += pairs.Count;
    }

    /// <summary>As many rows as what was added needs: a row of many stands in that of fewer that its number ends with.</summary>
    public (int Rows, ArraySegment<byte> Bits) Fold()
    {
        var needed = RowsForPair * _pairs / Math.Max(1, _passages);
        var rows = MostRows;
        for (; rows > FewestRows && rows / 2 >= needed; rows /= 2)
        {
            var half = rows / 2 * RowLength;
            var kept = MemoryMarshal.Cast<byte, ulong>(_bits.AsSpan(0, half));
            var folded = MemoryMarshal.Cast<byte, ulong>(_bits.AsSpan(half, half));
            for (var i = 0; i < kept.Length; i++)
            {
                kept[i] |= folded[i];
            }
        }

        return (rows, new ArraySegment<byte>(_bits, 0, rows * RowLength));
    }

    /// <summary>The rows in which a passage that holds all pairs has a one; of a block with fewer rows, what they leave when divided by their number.</summary>
    public static int[] RowsOf(IReadOnlyList<ulong> pairs) =>
        [.. Enumerable.Range(0, RowsOfPair).SelectMany(i => pairs.Select(pair => RowOf(pair, i))).Take(MaxAsked)];

    /// <summary>The passages of a block that have a one in every row, newest first.</summary>
    public static IEnumerable<long> In(long block, byte[][] rows)
    {
        var all = new ulong[RowLength / sizeof(ulong)];
        all.AsSpan().Fill(ulong.MaxValue);
        foreach (var row in rows)
        {
            var bits = MemoryMarshal.Cast<byte, ulong>(row);
            for (var i = 0; i < all.Length; i++)
            {
                all[i] &= bits[i];
            }
        }

        for (var i = all.Length - 1; i >= 0; i--)
        {
            while (all[i] != 0)
            {
                var bit = BitOperations.Log2(all[i]);
                all[i] &= ~(1UL << bit);
                yield return (block << Bits) + (i * 64) + bit;
            }
        }
    }

    private static int ColumnOf(long id) => (int)id & ((1 << Bits) - 1);

    private static int RowOf(ulong pair, int i) => (int)(((uint)pair + ((uint)i * ((uint)(pair >> 32) | 1))) & int.MaxValue);
}
