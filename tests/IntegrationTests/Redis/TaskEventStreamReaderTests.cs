using System.Globalization;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Redis;

[CancelAfter(120_000)]
public sealed class TaskEventStreamReaderTests
{
    private static readonly Dictionary<string, string?> WithoutDrain = new() { ["Redis:DrainTimeout"] = "00:00:00" };

    private RedisServer _redis = null!;
    private RecordingLog _log = null!;
    private Producer _producer = null!;

    [SetUp]
    public async Task SetUp()
    {
        _redis = await RedisServer.StartNewAsync();
        _producer = await Producer.ConnectAsync(_redis);
        _log = new RecordingLog();
    }

    [TearDown]
    public async Task TearDown()
    {
        await _producer.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Test]
    public async Task What_was_in_the_stream_before_the_first_start_is_taken_in_order_and_acknowledged()
    {
        await AddAsync(0, 1_500);

        await using var host = await IngestHost.StartAsync(_redis, _log);

        await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 1_500, "every entry is taken");
        Assert.That(_log.Of("t"), Is.EqualTo(Numbers(0, 1_500)));
        await Eventually.IsTrueAsync(async () => await _producer.UnacknowledgedAsync() == 0, "every entry is acknowledged");
        Assert.That(await _producer.LengthAsync(), Is.EqualTo(1_500), "others read the stream too");
    }

    [Test]
    public async Task It_starts_at_the_end_of_the_stream_where_it_is_told_to()
    {
        await AddAsync(0, 10);

        await using var host = await IngestHost.StartAsync(_redis, _log, new() { ["Redis:StreamStart"] = "$" });
        await Eventually.IsTrueAsync(async () => await _producer.UnacknowledgedAsync() == 0, "the group exists");
        await AddAsync(10, 1);

        await Eventually.IsTrueAsync(() => _log.Of("t").Any(), "the new entry is taken");
        Assert.That(_log.Of("t"), Is.EqualTo(Numbers(10, 1)));
    }

    [Test]
    public async Task An_entry_is_acknowledged_only_when_it_is_stored()
    {
        _log.StopStoring();
        await using var host = await IngestHost.StartAsync(_redis, _log);
        await AddAsync(0, 100);
        await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 100, "every entry is taken");
        Assert.That(await _producer.UnacknowledgedAsync(), Is.EqualTo(100));

        _log.Store();

        await Eventually.IsTrueAsync(async () => await _producer.UnacknowledgedAsync() == 0, "every entry is acknowledged");
        Assert.That(_log.Of("t").Count(), Is.EqualTo(100), "nothing is taken twice without a failure");
    }

    [Test]
    public async Task What_a_dead_reader_did_not_store_is_delivered_again()
    {
        _log.StopStoring();
        await using (await IngestHost.StartAsync(_redis, _log, WithoutDrain))
        {
            await AddAsync(0, 1_200);
            await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 1_200, "every entry is taken");
        }

        Assert.That(await _producer.UnacknowledgedAsync(), Is.EqualTo(1_200));
        await AddAsync(1_200, 10);
        var second = new RecordingLog();
        await using var host = await IngestHost.StartAsync(_redis, second);

        await Eventually.IsTrueAsync(() => second.Of("t").Count() == 1_210, "every entry is taken again");
        Assert.That(second.Of("t"), Is.EqualTo(Numbers(0, 1_210)), "what was left comes before what is new");
        await Eventually.IsTrueAsync(async () => await _producer.UnacknowledgedAsync() == 0, "every entry is acknowledged");
    }

    [Test]
    public async Task Nothing_is_lost_when_redis_is_killed_in_the_middle()
    {
        await using var host = await IngestHost.StartAsync(_redis, _log);
        await AddAsync(0, 2_000);
        await Eventually.IsTrueAsync(() => _log.Of("t").Any(), "it reads");

        await _redis.KillAsync();
        await _redis.StartAsync();
        await Eventually.IsTrueAsync(async () => await _producer.LengthAsync() == 2_000, "the stream is back");
        await AddAsync(2_000, 500);

        await Eventually.IsTrueAsync(() => _log.Of("t").Distinct().Count() == 2_500, "every entry is taken");
        Assert.That(_log.Of("t").Distinct(), Is.EqualTo(Numbers(0, 2_500)), "in the order of the stream");
        await Eventually.IsTrueAsync(async () => await _producer.UnacknowledgedAsync() == 0, "every entry is acknowledged");
    }

    [Test]
    public async Task Entries_whose_acknowledgement_failed_are_acknowledged_later()
    {
        _log.StopStoring();
        await using var host = await IngestHost.StartAsync(_redis, _log);
        await AddAsync(0, 50);
        await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 50, "every entry is taken");

        await _redis.KillAsync();
        _log.Store();
        await Eventually.IsTrueAsync(() => host.Health("redis").Status == "down", "it sees that Redis is away");
        await _redis.StartAsync();

        await Eventually.IsTrueAsync(async () => await _producer.UnacknowledgedAsync() == 0, "every entry is acknowledged");
    }

    [Test]
    public async Task A_redis_that_stops_answering_is_waited_for()
    {
        await using var host = await IngestHost.StartAsync(_redis, _log);
        await AddAsync(0, 10);
        await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 10, "it reads");

        _redis.Pause();
        var paused = DateTimeOffset.UtcNow;
        await Eventually.IsTrueAsync(() => DateTimeOffset.UtcNow > paused.AddSeconds(3), "more time passed than a read may take");
        Assert.That(host.Progress.HasReadUpTo(paused.AddSeconds(2)), Is.False);
        _redis.Resume();
        await AddAsync(10, 10);

        await Eventually.IsTrueAsync(() => _log.Of("t").Distinct().Count() == 20, "it reads again");
        await Eventually.IsTrueAsync(async () => await _producer.UnacknowledgedAsync() == 0, "every entry is acknowledged");
    }

    [Test]
    public async Task The_group_is_created_again_when_redis_was_emptied()
    {
        // Also where the first start was at the end: what is in the stream after it was emptied has not been read.
        await using var host = await IngestHost.StartAsync(_redis, _log, new() { ["Redis:StreamStart"] = "$" });
        await Eventually.IsTrueAsync(async () => await _producer.UnacknowledgedAsync() == 0, "the group exists");
        await AddAsync(0, 5);
        await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 5, "it reads");

        await _redis.FlushAllAsync();
        await AddAsync(5, 5);

        await Eventually.IsTrueAsync(() => _log.Of("t").Distinct().Count() == 10, "it reads what came after");
        Assert.That(_log.Of("t").Distinct(), Is.EqualTo(Numbers(0, 10)));
    }

    [Test]
    public async Task A_redis_with_lower_ids_than_were_read_is_read_from_its_beginning()
    {
        await using var host = await IngestHost.StartAsync(_redis, _log);
        await AddAsync(0, 5);
        await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 5, "it reads");

        // As one whose clock is behind, or that was restored from elsewhere.
        await _redis.FlushAllAsync();
        await _producer.AddWithIdAsync("1-1", "t", "5");

        await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 6, "it reads what came after");
        Assert.That(_log.Of("t"), Is.EqualTo(Numbers(0, 6)));
    }

    [Test]
    public async Task A_redis_that_comes_back_with_an_older_position_is_read_from_there_though_something_is_on_its_way()
    {
        await using var host = await IngestHost.StartAsync(_redis, _log);
        await AddAsync(0, 5);
        await Eventually.IsTrueAsync(async () => await _producer.UnacknowledgedAsync() == 0, "every entry is acknowledged");
        _log.StopStoring();
        await AddAsync(5, 1);
        await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 6, "it is taken");

        // Its group is there, its ids are of a clock that is behind; what is stored now must not be noted in it.
        await _redis.FlushAllAsync();
        await _producer.AddWithIdAsync("1-1", "t", "6");
        await _redis.CommandAsync("XGROUP", "CREATE", Producer.Stream, Producer.Group, "0");
        _log.Store();

        await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 7, "what comes with a lower id is taken");
        Assert.That(_log.Of("t"), Is.EqualTo(Numbers(0, 7)));
    }

    [Test]
    public async Task An_operator_who_sets_the_position_back_has_it_read_again_while_more_comes()
    {
        await using var host = await IngestHost.StartAsync(_redis, _log);
        await AddAsync(0, 5);
        await Eventually.IsTrueAsync(async () => await _producer.UnacknowledgedAsync() == 0, "every entry is acknowledged");
        _log.StopStoring();
        await AddAsync(5, 1);
        await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 6, "it is taken");

        await _redis.CommandAsync("XGROUP", "SETID", Producer.Stream, Producer.Group, "0");
        _log.Store();

        await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 12, "all of it is read again");
        Assert.That(_log.Of("t"), Is.EqualTo(Numbers(0, 6).Concat(Numbers(0, 6))));
    }

    [Test]
    public async Task What_was_delivered_to_nobody_is_taken_in_its_place()
    {
        // A read that was given up is answered all the same: as when an instance dies, or Redis has been away.
        _log.CloseDoor();
        await using var host = await IngestHost.StartAsync(_redis, _log);
        await AddAsync(0, 5);
        await Eventually.IsTrueAsync(() => _log.Waiting == 1, "it reads");
        await AddAsync(5, 5);
        await _producer.TakeAwayAsync();
        await AddAsync(10, 5);
        _log.OpenDoor();

        await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 15, "every entry is taken");
        Assert.That(_log.Of("t"), Is.EqualTo(Numbers(0, 15)));
    }

    [Test]
    public async Task What_was_delivered_and_not_stored_is_read_again_by_the_next_one()
    {
        await AddAsync(0, 5);
        await using (await IngestHost.StartAsync(_redis, _log))
        {
            await Eventually.IsTrueAsync(async () => await _producer.UnacknowledgedAsync() == 0, "every entry is acknowledged");
        }

        await AddAsync(5, 5);
        await _producer.TakeAwayAsync();
        await AddAsync(10, 5);
        await using var host = await IngestHost.StartAsync(_redis, _log);

        await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 15, "every entry is taken");
        Assert.That(_log.Of("t"), Is.EqualTo(Numbers(0, 15)));
        await Eventually.IsTrueAsync(async () => await _producer.UnacknowledgedAsync() == 0, "every entry is acknowledged");
    }

    [Test]
    public async Task Garbage_does_not_stop_it()
    {
        await using var host = await IngestHost.StartAsync(_redis, _log);

        await _producer.AddAsync("foo", "bar");
        await _producer.AddAsync("type", "task:output", "task_id", "t", "data", "{not json");
        await _producer.AddAsync("type", "task:output", "task_id", "../../etc", "data", """{"content":"x"}""");
        await _producer.AddAsync("type", new byte[] { 0xFF, 0xFE }, "task_id", "t");
        await _producer.AddAsync("type", "task:output", "task_id", "t", "data", """{"content":"a\u0000"}""");
        await _producer.AddAsync("type", "task:output", "task_id", "t", "data", new byte[17 * 1024 * 1024]);
        await _producer.AddOutputAsync("t", "fine");

        await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 3, "what can be taken is taken");
        Assert.That(_log.Of("t").First(), Is.EqualTo("a\uFFFD"));
        Assert.That(_log.Of("t").ElementAt(1), Does.Contain("was refused"));
        Assert.That(_log.Of("t").Last(), Is.EqualTo("fine"));
        Assert.That(host.Metrics.Total(IngestOutcome.Malformed), Is.EqualTo(2));
        Assert.That(host.Metrics.Total(IngestOutcome.Refused), Is.EqualTo(2));
        await Eventually.IsTrueAsync(async () => await _producer.UnacknowledgedAsync() == 0, "garbage is acknowledged as well");
    }

    [Test]
    public async Task Entries_that_were_trimmed_away_before_they_were_acknowledged_are_let_go()
    {
        _log.StopStoring();
        await using (await IngestHost.StartAsync(_redis, _log, WithoutDrain))
        {
            await AddAsync(0, 20);
            await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 20, "every entry is taken");
        }

        await _producer.TrimAsync(5);
        var second = new RecordingLog();
        await using var host = await IngestHost.StartAsync(_redis, second);

        await Eventually.IsTrueAsync(() => second.Of("t").Count() == 5, "what is left is taken");
        Assert.That(second.Of("t"), Is.EqualTo(Numbers(15, 5)));
    }

    [Test]
    public async Task What_is_taken_but_not_stored_is_bounded()
    {
        await AddAsync(0, 1_000);
        _log.StopStoring();

        await using var host = await IngestHost.StartAsync(
            _redis, _log, new() { ["Redis:MaxUnacknowledged"] = "200", ["Redis:ReadCount"] = "50" });
        await Eventually.IsTrueAsync(() => host.Health("ingest").Figures["stream_pending"] == 200, "it has taken what it may");
        _log.Store();

        await Eventually.IsTrueAsync(() => _log.Of("t").Count() == 1_000, "every entry is taken");
        Assert.That(_log.MostUnstored, Is.EqualTo(200));
    }

    [Test]
    public async Task It_knows_up_to_when_it_has_read()
    {
        await AddAsync(0, 10);
        _log.CloseDoor();
        await using var host = await IngestHost.StartAsync(_redis, _log);
        var added = DateTimeOffset.UtcNow;
        await Eventually.IsTrueAsync(() => _log.Waiting == 1, "the entries are read");
        Assert.That(host.Progress.HasReadUpTo(added.AddHours(-1)), Is.False, "they are not handed over");

        _log.OpenDoor();

        await Eventually.IsTrueAsync(() => host.Progress.HasReadUpTo(added), "it has read what was there");
        Assert.That(_log.Of("t").Count(), Is.EqualTo(10));
        Assert.That(host.Progress.HasReadUpTo(DateTimeOffset.UtcNow.AddSeconds(1)), Is.False);
    }

    private static IEnumerable<string> Numbers(int from, int count) =>
        Enumerable.Range(from, count).Select(number => number.ToString(CultureInfo.InvariantCulture));

    private async Task AddAsync(int from, int count) =>
        await Task.WhenAll(Numbers(from, count).Select(number => _producer.AddOutputAsync("t", number)));
}
