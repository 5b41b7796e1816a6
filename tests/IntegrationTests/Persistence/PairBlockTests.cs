using GrooteDashboard.Infrastructure.Persistence.Search;

namespace GrooteDashboard.IntegrationTests.Persistence;

public sealed class PairBlockTests
{
    private const int Passages = 1_024;

    [TestCase(3)]
    [TestCase(300)]
    [TestCase(1_500)]
    public void Every_passage_is_found_by_its_pairs_and_few_others_are(int pairsOfPassage)
    {
        var random = new Random(pairsOfPassage);
        var written = Enumerable.Range(0, Passages).Select(_ => Enumerable.Range(0, pairsOfPassage).Select(_ => (ulong)random.NextInt64()).ToArray()).ToArray();
        var block = new PairBlock();
        for (var i = 0; i < Passages; i++)
        {
            block.Add((977 * Passages) + i, written[i]);
        }

        var (rows, bits) = block.Fold();

        Assert.That(rows, Is.InRange(20 * pairsOfPassage, Math.Max(256, 40 * pairsOfPassage)));
        var (others, both) = (0, 0);
        for (var i = 0; i < Passages; i++)
        {
            var found = Ask(rows, bits, written[i][0]);
            Assert.That(found, Does.Contain((long)i).And.Ordered.Descending);
            others += found.Count - 1;
            both += Ask(rows, bits, written[i][0], written[(i + 1) % Passages][0]).Count;
        }

        Assert.That(others, Is.LessThan(Passages * Passages / 500));
        Assert.That(both, Is.LessThan(Passages), "nobody holds both");
    }

    [Test]
    public void One_with_many_pairs_does_not_hide_the_others()
    {
        var (block, random) = (new PairBlock(), new Random(1));
        var own = Enumerable.Range(0, Passages).Select(_ => (ulong)random.NextInt64()).ToArray();
        block.Add(0, [.. Enumerable.Range(0, 100_000).Select(_ => (ulong)random.NextInt64())]);
        for (var i = 1; i < Passages; i++)
        {
            block.Add(i, [own[i]]);
        }

        var (rows, bits) = block.Fold();

        // The number of rows is that of the average, so that only the one seems to hold everything.
        Assert.That(Enumerable.Range(1, Passages - 1).Sum(i => Ask(rows, bits, own[i]).Count(id => id != 0 && id != i)), Is.LessThan(Passages));
    }

    [Test]
    public void A_block_of_passages_without_pairs_finds_nothing()
    {
        var (rows, bits) = new PairBlock().Fold();

        Assert.That(Ask(rows, bits, 1), Is.Empty);
    }

    /// <summary>As PostgreSQL reads the rows.</summary>
    private static List<long> Ask(int rows, ArraySegment<byte> bits, params ulong[] pairs) =>
        [.. PairBlock.In(0, [.. PairBlock.RowsOf(pairs).Select(row => bits.Slice((row & (rows - 1)) * PairBlock.RowLength, PairBlock.RowLength).ToArray())])];
}
