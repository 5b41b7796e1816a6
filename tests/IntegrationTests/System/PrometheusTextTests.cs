using GrooteDashboard.Api.Hosting;

namespace GrooteDashboard.IntegrationTests.System;

/// <summary>Names, units and escapes of the exposition format.</summary>
[TestFixture]
internal sealed class PrometheusTextTests
{
    [TestCase("realtime.lag", "s", "Histogram", "realtime_lag_seconds")]
    [TestCase("realtime.bytes.sent", "By", "Counter", "realtime_bytes_sent_total")]
    [TestCase("realtime.gaps", "{gap}", "Counter", "realtime_gaps_total")]
    [TestCase("task_log.pending", "By", "Gauge", "task_log_pending_bytes")]
    [TestCase("things.total", "", "Counter", "things_total")]
    [TestCase("2xx-answers", "", "Gauge", "_2xx_answers")]
    public void A_name_says_unit_and_kind(string name, string unit, string kind, string expected) => Assert.That(
        PrometheusText.NameOf(new MetricFamily(name, unit, "", Enum.Parse<MetricKind>(kind), [])), Is.EqualTo(expected));

    [Test]
    public void Values_and_help_are_escaped() => Assert.That(
        PrometheusText.Write([Gauge("a", "one\ntwo \\ \"three\"", [new("the.path", "C:\\ \"x\"\n")], 0.5)]),
        Is.EqualTo("# HELP a one\\ntwo \\\\ \"three\"\n# TYPE a gauge\na{the_path=\"C:\\\\ \\\"x\\\"\\n\"} 0.5\n"));

    [Test]
    public void Numbers_are_those_of_every_culture() => Assert.That(
        PrometheusText.Write([Gauge("a", "", [], 1234567.25), Gauge("b", "", [], double.NaN), Gauge("c", "", [], 12_345_678_901)]),
        Does.Contain("\na 1234567.25\n").And.Contain("\nb NaN\n").And.Contain("\nc 12345678901\n"));

    [Test]
    public void Buckets_end_with_all_values() => Assert.That(
        PrometheusText.Write([new MetricFamily("d", "s", "Time", MetricKind.Histogram,
            [new MetricSample([new("to", "x")], 3.5, [new(0.1, 1), new(double.PositiveInfinity, 4)])])]),
        Is.EqualTo(
            """
            # HELP d_seconds Time
            # TYPE d_seconds histogram
            d_seconds_bucket{to="x",le="0.1"} 1
            d_seconds_bucket{to="x",le="+Inf"} 4
            d_seconds_sum{to="x"} 3.5
            d_seconds_count{to="x"} 4

            """.ReplaceLineEndings("\n")));

    [Test]
    public void Instruments_of_one_name_share_their_lines() => Assert.That(
        PrometheusText.Write([Gauge("a.b", "First", [new("of", "1")], 1), Gauge("a_b", "Second", [new("of", "2")], 2)]),
        Is.EqualTo("# HELP a_b First\n# TYPE a_b gauge\na_b{of=\"1\"} 1\na_b{of=\"2\"} 2\n"));

    private static MetricFamily Gauge(string name, string description, KeyValuePair<string, string>[] tags, double value) =>
        new(name, "", description, MetricKind.Gauge, [new MetricSample(tags, value, [])]);
}
