using System.Text.Json;
using GrooteDashboard.Testing.Checking;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>A checker that finds nothing is worth something only if it finds what is there.</summary>
[TestFixture]
internal sealed class CheckerFindingsTests
{
    private TimeSpan _now;
    private Findings _findings = null!;
    private ChannelRecord _channel = null!;

    [SetUp]
    public void Subscribe()
    {
        _now = TimeSpan.Zero;
        _findings = new Findings(() => _now);
        _channel = new ChannelRecord("task:1", "client", _findings);
        Take(new { type = "subscribed", epoch = "a", offset = 1 });
    }

    [Test]
    public void What_is_right_is_no_finding()
    {
        Output(2, "s1;");
        Take(new { type = "gap", from = 3, to = 4, reason = "slow_consumer", fill = "/api/tasks/1/log?after=2&limit=2" });
        Output(5, "s4;");
        Reconnect(5, recovered: true);
        Output(6, "s5;");
        _channel.Fill(3, "s2");
        _channel.Fill(4, "s3");

        string[] stored = ["status queued", "s1", "s2", "s3", "s4", "s5"];
        Verification.CheckClient(_channel, stored, _findings);
        Verification.CheckStore("1", stored, [Numbers('s', 5)], holesAllowed: false, _findings);

        Assert.That(_findings.ToList(), Is.Empty);
        Assert.That((_channel.Delivered, _channel.Offset), Is.EqualTo((3, 6)));
    }

    [Test]
    public void An_offset_that_is_passed_over_in_silence_is_missing()
    {
        Output(2, "s1;");
        Output(4, "s3;");

        AssertFound(FindingKind.Missing);
    }

    [Test]
    public void The_same_message_twice_is_a_duplicate()
    {
        Output(2, "s1;");
        Output(2, "s1;");

        AssertFound(FindingKind.Duplicate);
    }

    [Test]
    public void Another_content_under_the_same_offset_is_different()
    {
        Output(2, "s1;");
        Output(2, "s2;");

        AssertFound(FindingKind.Different);
    }

    [Test]
    public void A_message_from_before_the_beginning_is_out_of_order()
    {
        Output(1, "s1;");

        AssertFound(FindingKind.OutOfOrder);
    }

    [Test]
    public void A_gap_that_is_not_exactly_what_is_missing_is_wrong([Values(2, 4)] int from)
    {
        Output(2, "s1;");
        Take(new { type = "gap", from, to = 5, reason = "slow_consumer", fill = "/" });

        AssertFound(FindingKind.WrongGap);
    }

    [Test]
    public void A_client_that_is_not_recovered_has_to_be_told_what_it_missed()
    {
        Reconnect(7, recovered: false);
        Output(8, "s7;");

        Assert.That(_findings.ToList().Select(finding => finding.Kind), Is.EqualTo(new[] { FindingKind.Protocol, FindingKind.Missing }));
    }

    [Test]
    public void Recovery_from_another_place_than_asked_for_breaks_the_protocol()
    {
        Output(2, "s1;");
        Reconnect(1, recovered: true);

        AssertFound(FindingKind.Protocol);
    }

    [Test]
    public void Lost_history_is_needless_where_nothing_loses_it()
    {
        Reconnect(7, recovered: false);
        Take(new { type = "gap", from = 2, to = 7, reason = "history_lost", fill = "/" });

        AssertFound(FindingKind.Needless);
    }

    [Test]
    public void What_the_store_has_and_the_client_has_not_is_missing()
    {
        Output(2, "s1;");

        Verification.CheckClient(_channel, ["status queued", "s1", "s2"], _findings);

        AssertFound(FindingKind.Missing);
    }

    [Test]
    public void What_the_client_has_and_the_store_has_not_is_not_stored()
    {
        Output(2, "s1;");

        Verification.CheckClient(_channel, ["status queued"], _findings);

        AssertFound(FindingKind.NotStored);
    }

    [Test]
    public void What_the_client_and_the_store_have_under_one_offset_is_the_same()
    {
        Output(2, "s1;");

        Verification.CheckClient(_channel, ["status queued", "s2"], _findings);

        AssertFound(FindingKind.Different);
    }

    [TestCase(new[] { "s1", "s3" }, FindingKind.NotStored)]
    [TestCase(new[] { "s1", "s2" }, FindingKind.NotStored)]
    [TestCase(new[] { "s1", "s2", "s2", "s3" }, FindingKind.Duplicate)]
    [TestCase(new[] { "s1", "s2", "s3", "s2" }, FindingKind.OutOfOrder)]
    public void The_store_holds_every_number_once_and_in_order(string[] stored, FindingKind kind)
    {
        Verification.CheckStore("1", stored, [Numbers('s', 3)], holesAllowed: false, _findings);

        AssertFound(kind);
    }

    [Test]
    public void A_hole_in_what_was_published_has_to_be_told_soon([Values("told", "too early", "too late", "never")] string when)
    {
        Notice(when == "too early");
        Output(2, "p1;");
        Notice(when == "told");
        Output(3, "p4;");
        _now += TimeSpan.FromMinutes(1);
        Notice(when == "too late");

        var holes = Verification.CheckInterruptions(_channel, Numbers('p', 4), _findings);

        Assert.That(holes, Is.EqualTo(1));
        Assert.That(_findings.ToList().Select(finding => finding.Kind), Is.EqualTo(when == "told" ? [] : new[] { FindingKind.NotTold }));
    }

    [Test]
    public void What_Redis_may_never_have_seen_is_owed_to_nobody()
    {
        var series = Numbers('p', 4);
        series.Unsure.UnionWith([2, 3]);
        Output(2, "p1;");
        Output(3, "p4;");

        Assert.That(Verification.CheckInterruptions(_channel, series, _findings), Is.Zero);
        Assert.That(_findings.ToList(), Is.Empty);
    }

    private static Series Numbers(char producer, int total) => new("1", producer, total, TimeSpan.FromSeconds(1), TimeSpan.Zero);

    private void Reconnect(long offset, bool recovered)
    {
        _channel.Disconnected();
        Take(new { type = "subscribed", epoch = "a", offset, recovered });
    }

    private void Output(long offset, string output) => Take(new { type = "task_output", offset, output });

    private void Notice(bool isGiven)
    {
        if (isGiven)
        {
            Take(new { type = "gap", reason = "source_interrupted" });
        }
    }

    private void Take(object frame) => _channel.Take(JsonSerializer.SerializeToElement(frame));

    private void AssertFound(FindingKind kind) => Assert.That(_findings.ToList().Select(finding => finding.Kind), Is.EqualTo(new[] { kind }));
}
