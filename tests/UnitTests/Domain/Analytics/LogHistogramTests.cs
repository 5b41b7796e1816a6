using GrooteDashboard.Domain.Analytics;

namespace GrooteDashboard.UnitTests.Domain.Analytics;

[TestFixture]
internal sealed class LogHistogramTests
{
    private static readonly double[] Quantiles = [0, 0.01, 0.5, 0.9, 0.95, 0.99, 1];

    [Test]
    public void A_quantile_is_within_one_percent([Values(1, 2, 10, 1_000, 50_000)] int count, [Values(1, 2, 3)] int seed)
    {
        var values = Sample(count, seed);
        var histogram = Of(values);

        Assert.Multiple(() =>
        {
            foreach (var quantile in Quantiles)
            {
                var exact = Exact(values, quantile);
                Assert.That(histogram.Quantile(quantile), Is.EqualTo(exact).Within(1.0000001).Percent, $"{quantile}");
            }
        });
    }

    [Test]
    public void Histograms_that_are_added_up_are_the_histogram_of_all_values()
    {
        var values = Sample(10_000, seed: 4);
        var parts = values.Chunk(137).Select(Of).ToList();
        var together = new LogHistogram();
        parts.ForEach(together.Add);

        Assert.That(together.ToBytes(), Is.EqualTo(Of(values).ToBytes()));
        Assert.That(together.Count, Is.EqualTo(10_000));
    }

    [Test]
    public void What_is_taken_out_leaves_no_trace_whatever_the_order()
    {
        var (kept, removed) = (Sample(500, seed: 5), Sample(500, seed: 6));
        var histogram = new LogHistogram();
        foreach (var value in removed)
        {
            histogram.Add(value, -1);
        }

        Assert.That(histogram.IsEmpty, Is.False);
        foreach (var value in kept.Concat(removed))
        {
            histogram.Add(value, 1);
        }

        Assert.That(histogram.ToBytes(), Is.EqualTo(Of(kept).ToBytes()));
        foreach (var value in kept)
        {
            histogram.Add(value, -1);
        }

        Assert.That(histogram.IsEmpty, Is.True);
        Assert.That(histogram.Quantile(0.5), Is.Null);
    }

    [Test]
    public void What_is_written_is_read_again()
    {
        var histogram = Of(Sample(3_000, seed: 7));
        histogram.Add(5, -3);
        var read = new LogHistogram();
        read.Add(histogram.ToBytes().AsSpan());

        Assert.That(read.ToBytes(), Is.EqualTo(histogram.ToBytes()));
        Assert.That(read.Count, Is.EqualTo(histogram.Count));
    }

    [Test]
    public void What_is_written_one_after_the_other_is_read_as_the_sum()
    {
        var values = Sample(5_000, seed: 8);
        var read = new LogHistogram();
        read.Add(values.Chunk(61).SelectMany(part => Of(part).ToBytes()).Concat(new LogHistogram().ToBytes()).ToArray().AsSpan());

        Assert.That(read.ToBytes(), Is.EqualTo(Of(values).ToBytes()));
        Assert.That(read.Count, Is.EqualTo(5_000));
    }

    [TestCase(new byte[] { 0x80 })]
    [TestCase(new byte[] { 0 })]
    [TestCase(new byte[] { 0, 2 })]
    [TestCase(new byte[] { 0, 2, 1 })]
    [TestCase(new byte[] { 0, 2, 2, 4 })]
    [TestCase(new byte[] { 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff })]
    [TestCase(new byte[] { 0, 0xfe, 0xff, 0xff, 0x0f, 1, 4 })]
    [TestCase(new byte[] { 0, 0, 2, 0xff, 0xff, 0x0f, 4 })]
    public void Other_bytes_are_refused(byte[] bytes) =>
        Assert.That(() => new LogHistogram().Add(bytes.AsSpan()), Throws.InstanceOf<FormatException>());

    [Test]
    public void Zero_and_what_is_out_of_reach_count_as_well()
    {
        var histogram = Of([0, 1e-12, 1e30]);

        Assert.That(histogram.Quantile(0.5), Is.Zero);
        Assert.That(histogram.Quantile(1), Is.EqualTo(LogHistogram.LargestValue).Within(1).Percent);
        Assert.That(histogram.Buckets().Sum(bucket => bucket.Count), Is.EqualTo(3));
    }

    private static LogHistogram Of(IEnumerable<double> values)
    {
        var histogram = new LogHistogram();
        foreach (var value in values)
        {
            histogram.Add(value, 1);
        }

        return histogram;
    }

    private static double Exact(double[] values, double quantile) => values.Order().ElementAt(Math.Max(1, (int)Math.Ceiling(quantile * values.Length)) - 1);

    /// <summary>Over ten powers of ten, and some zeros.</summary>
    private static double[] Sample(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(50) == 0 ? 0 : Math.Pow(10, (random.NextDouble() * 10) - 5))];
    }
}
