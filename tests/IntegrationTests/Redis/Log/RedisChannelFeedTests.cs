using System.Globalization;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Infrastructure.Redis.Log;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Redis.Log;

/// <summary>What the feed does about connections that come and go, and about subscriptions that were lost with them.</summary>
[TestFixture]
[CancelAfter(180_000)]
internal sealed class RedisChannelFeedTests
{
    private RedisServer _redis = null!;
    private TestDatabase _database = null!;
    private LogHost _producer = null!;
    private LogHost _watcher = null!;

    [SetUp]
    public async Task StartInstances()
    {
        _redis = await RedisServer.StartNewAsync();
        _database = await TestDatabase.CreateAsync();
        _producer = await LogHost.StartAsync(_redis, _database);
        _watcher = await LogHost.StartAsync(_redis, _database);
    }

    [TearDown]
    public async Task StopInstances()
    {
        await _producer.DisposeAsync();
        await _watcher.DisposeAsync();
        await _redis.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Test]
    public async Task The_end_of_what_came_together_is_told_on_every_instance()
    {
        await _producer.AppendAsync("task-1", LogHost.Output("a"));
        foreach (var instance in (LogHost[])[_producer, _watcher])
        {
            await instance.WatchAsync("task:task-1");
        }

        await _producer.AppendAsync("task-1", LogHost.Output("b"));

        foreach (var instance in (LogHost[])[_producer, _watcher])
        {
            await Probe.Until(() => instance.Publisher.On("task:task-1").Count == 1 && instance.Publisher.IsRoundOver);
        }
    }

    [Test]
    public async Task A_channel_that_is_not_heard_is_found_and_heard_again()
    {
        await _producer.AppendAsync("task-1", LogHost.Output("a"));
        await _producer.AppendAsync("task-2", LogHost.Output("a"));
        await _watcher.WatchAsync("task:task-1");
        await _watcher.WatchAsync("task:task-2");
        await DeafenAsync("task:task-1");
        await _producer.AppendAsync("task-1", LogHost.Output("b"));
        await _producer.AppendAsync("task-2", LogHost.Output("b"));

        await Probe.Until(() => TextsOf("task:task-1").SequenceEqual(["b"]), "what was missed is read");
        await Probe.Until(async () => await SubscribersAsync("task:task-1") == 1, "it is subscribed again");
        await _producer.AppendAsync("task-1", LogHost.Output("c"));

        await Probe.Until(() => TextsOf("task:task-1").SequenceEqual(["b", "c"]), "it is heard");
        Assert.That(TextsOf("task:task-2"), Is.EqualTo(new[] { "b" }));
        Assert.That(_watcher.Metrics.FeedRepairs, Is.EqualTo(1), "the one that was not heard");
    }

    [Test]
    public async Task Channels_that_are_first_watched_while_redis_goes_and_comes_are_heard()
    {
        const int channels = 200;
        await _producer.AppendAsync("task-0", LogHost.Output("a"));
        var watching = new List<Task>();
        await _redis.KillAsync();
        var starting = _redis.StartAsync();
        for (var i = 0; i < channels; i++)
        {
            watching.Add(_watcher.WatchAsync(Name(i)));
            await Task.Yield();
        }

        await starting;
        await Task.WhenAll(watching).WaitAsync(Probe.Deadline);
        await Probe.Until(
            async () =>
            {
                for (var i = 0; i < channels; i++)
                {
                    if (await SubscribersAsync(Name(i)) != 1)
                    {
                        return false;
                    }
                }

                return true;
            },
            "every channel is subscribed");
        Assert.That(_watcher.Metrics.FeedRepairs, Is.Zero, "nobody had to find it");

        static string Name(int number) => "task:task-" + number.ToString(CultureInfo.InvariantCulture);
    }

    [Test]
    public async Task After_an_interruption_all_channels_are_asked_for_in_few_calls()
    {
        const int channels = 300;
        await _producer.AppendAsync("task-1", LogHost.Output("a"));
        for (var i = 0; i < channels; i++)
        {
            await _watcher.WatchAsync("task:task-" + i.ToString(CultureInfo.InvariantCulture));
        }

        await _redis.CommandAsync("CONFIG", "RESETSTAT");
        await DeafenAsync("task:task-1");
        await _producer.AppendAsync("task-1", LogHost.Output("b"));
        for (var i = 0; i < 5; i++)
        {
            await _redis.CommandAsync("CLIENT", "KILL", "TYPE", "pubsub");
        }

        await Probe.Until(() => TextsOf("task:task-1").SequenceEqual(["b"]), "what was missed is read");
        var calls = await ScriptCallsAsync();

        Assert.That(calls, Is.LessThan(channels / 3), "for all that the instances do meanwhile");
        Assert.That(_watcher.Metrics.FeedRepairs, Is.Zero);
    }

    [Test]
    public async Task What_the_source_lost_is_told_once_to_those_who_could_not_hear_it()
    {
        await _producer.AppendAsync("task-1", LogHost.Output("a"));
        await _producer.AppendAsync("task-2", LogHost.Output("a"));
        await _watcher.WatchAsync("task:task-1");
        await _watcher.WatchAsync("task:task-2");
        await DeafenAsync("task:task-1");
        var lossOffset = (await _producer.Positions.GetAsync("task:task-1", CancellationToken.None)).Offset;

        _producer.Log.AnnounceInterruption(GapReasons.SourceInterrupted);

        // The one heard it; the other finds it.
        await Probe.Until(() => _watcher.Publisher.On("task:task-1").Count > 0 && _watcher.Publisher.On("task:task-2").Count > 0, "both are told");
        Assert.That(_watcher.Publisher.On("task:task-1").Single().Message, Is.EqualTo(new GapMessage(null, null, GapReasons.SourceInterrupted, null)));
        Assert.That(_watcher.Feed.LastLoss("task:task-1")?.Offset, Is.EqualTo(lossOffset));

        // Whatever is looked at later, it is not told again: here everything, as if a new epoch had begun.
        await DeafenAsync("task:task-1");
        await _producer.AppendAsync("task-1", LogHost.Output("b"));
        await _redis.CommandAsync("PUBLISH", LogKeys.Epoch, "?");
        await Probe.Until(() => TextsOf("task:task-1").SequenceEqual(["b"]), "all is read");
        await _producer.AppendAsync("task-1", LogHost.Output("c"));
        await Probe.Until(() => TextsOf("task:task-1").SequenceEqual(["b", "c"]), "the feed goes on");
        Assert.That(_watcher.Publisher.On("task:task-1").Count(frame => frame.Message is GapMessage), Is.EqualTo(1));
        Assert.That(_watcher.Publisher.On("task:task-2").Count(frame => frame.Message is GapMessage), Is.EqualTo(1));
    }

    [Test]
    public async Task Who_watches_later_knows_what_the_source_has_lost()
    {
        await _producer.AppendAsync("task-1", LogHost.Output("a"));
        _producer.Log.AnnounceLoss("task-1", GapReasons.SourceOverflow);
        await _producer.AppendAsync("task-1", LogHost.Output("b"));

        await _watcher.WatchAsync("task:task-1");

        Assert.That(_watcher.Feed.LastLoss("task:task-1")?.Offset, Is.EqualTo(2), "the task's first row says that it was created");
        Assert.That(_watcher.Feed.LastLoss("task:task-1")?.Notice.Message, Is.EqualTo(new GapMessage(null, null, GapReasons.SourceOverflow, null)));
        Assert.That(_watcher.Feed.LastLoss("task:other"), Is.Null);
    }

    [Test]
    public async Task What_this_instance_appends_is_handed_on_without_being_heard_and_once_when_it_is()
    {
        await _watcher.AppendAsync("task-1", LogHost.Output("a"));
        await _watcher.WatchAsync("task:task-1");
        await _watcher.AppendAsync("task-1", LogHost.Output("b"), LogHost.Output("c"));
        await _producer.AppendAsync("task-1", LogHost.Output("d"));
        await Probe.Until(() => TextsOf("task:task-1").SequenceEqual(["b", "c", "d"]), "all of it is told");

        await DeafenAsync("task:task-1");
        await _watcher.AppendAsync("task-1", LogHost.Output("e"));
        await Probe.Until(() => TextsOf("task:task-1").SequenceEqual(["b", "c", "d", "e"]), "its own is told");
        Assert.That(_watcher.Metrics.FeedRepairs, Is.Zero, "nobody had to look for it");
    }

    [Test]
    public async Task What_this_instance_appends_waits_for_what_is_missing_before_it()
    {
        await _producer.AppendAsync("task-1", LogHost.Output("a"));
        await _watcher.WatchAsync("task:task-1");
        await DeafenAsync("task:task-1");

        await _producer.AppendAsync("task-1", LogHost.Output("b"));
        await _watcher.AppendAsync("task-1", LogHost.Output("c"));

        await Probe.Until(() => TextsOf("task:task-1").Count() == 2, "all of it is told");
        Assert.That(TextsOf("task:task-1"), Is.EqualTo(new[] { "b", "c" }));
        Assert.That(_watcher.Publisher.On("task:task-1").Select(frame => frame.Offset), Is.EqualTo(new long?[] { 3, 4 }));
    }

    [Test]
    public async Task What_follows_an_entry_that_was_there_already_is_not_handed_on()
    {
        await _producer.AppendAsync("task-1", LogHost.Status("task-1", "event-1"));
        await _watcher.WatchAsync(Channels.Tasks);
        await DeafenAsync(Channels.Tasks);
        await _producer.AppendAsync("task-2", LogHost.Status("task-2", "event-2"));

        // The same again: it has no place in the list's channel, whose newest entry is another one, which was not heard here yet.
        await _watcher.AppendAsync("task-1", LogHost.Status("task-1", "event-1"));

        await Probe.Until(() => _watcher.Publisher.On(Channels.Tasks).Count > 0, "the list hears of it");
        Assert.That(
            _watcher.Publisher.On(Channels.Tasks).Select(frame => ((TaskStatusMessage)frame.Message).TaskId).Distinct(), Is.EqualTo(new[] { "task-2" }));
    }

    /// <summary>Redis forgets the subscription, and the feed does not know: as when a SUBSCRIBE is lost with its connection.</summary>
    private async Task DeafenAsync(string channel)
    {
        await _watcher.Subscriber.UnsubscribeAsync(LogKeys.PubSub(channel));
        await Probe.Until(async () => await SubscribersAsync(channel) == 0, "it is not heard");
    }

    private async Task<int> SubscribersAsync(string channel)
    {
        var reply = (StackExchange.Redis.RedisResult[])(await _producer.Redis.ExecuteAsync("PUBSUB", ["NUMSUB", LogKeys.PubSub(channel)], CancellationToken.None))!;
        return (int)reply[1];
    }

    private async Task<int> ScriptCallsAsync()
    {
        var statistics = (string)(await _producer.Redis.ExecuteAsync("INFO", ["commandstats"], CancellationToken.None))!;
        var line = statistics.Split('\n').Single(line => line.StartsWith("cmdstat_evalsha:", StringComparison.Ordinal));
        return int.Parse(line.Split('=', ',')[1], CultureInfo.InvariantCulture);
    }

    private IEnumerable<string> TextsOf(string channel) =>
        _watcher.Publisher.On(channel).Select(frame => frame.Message).OfType<TaskOutputMessage>().Select(message => message.Output);
}
