using System.Globalization;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Infrastructure.Persistence;
using GrooteDashboard.Infrastructure.Redis;
using GrooteDashboard.Infrastructure.Redis.Log;
using GrooteDashboard.Infrastructure.Redis.Resp;
using GrooteDashboard.Testing;
using Microsoft.Extensions.Options;
using Npgsql;

namespace GrooteDashboard.IntegrationTests.Redis.Log;

/// <summary>Several instances on one Redis and one database.</summary>
[TestFixture]
[CancelAfter(180_000)]
internal sealed class RedisTaskLogTests
{
    private const int Instances = 3;

    private RedisServer _redis = null!;
    private TestDatabase _database = null!;
    private List<LogHost> _hosts = null!;

    [SetUp]
    public async Task StartInstances()
    {
        _redis = await RedisServer.StartNewAsync();
        _database = await TestDatabase.CreateAsync();
        _hosts = [];
        for (var i = 0; i < Instances; i++)
        {
            _hosts.Add(await LogHost.StartAsync(_redis, _database));
        }
    }

    [TearDown]
    public async Task StopInstances()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        await _redis.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Test]
    public async Task All_instances_agree_on_the_sequence_of_every_task()
    {
        var tasks = await WatchTasksAsync(5);

        await ProduceAsync(tasks, 200, _ => Task.CompletedTask);

        await AssertCompleteAsync(tasks, 200);
    }

    [Test]
    public async Task An_id_is_taken_once_per_task_whichever_instance_it_comes_to()
    {
        var receipts = new List<AppendReceipt>();
        for (var i = 0; i < 3; i++)
        {
            receipts.AddRange(await Task.WhenAll(_hosts.Select(host => host.AppendAsync("task-1", LogHost.Output("once", "id-1"), LogHost.Output("always")))));
        }

        Assert.That(receipts.Sum(receipt => receipt.Duplicates), Is.EqualTo(receipts.Count - 1));
        Assert.That((await StoredTextsAsync("task-1")).Count(text => text == "once"), Is.EqualTo(1));
        Assert.That((await StoredTextsAsync("task-1")).Count(text => text == "always"), Is.EqualTo(receipts.Count));
    }

    [Test]
    public async Task Thousands_of_entries_in_one_append_are_told_and_stored_in_their_order()
    {
        var expected = Enumerable.Range(0, 12_000).Select(i => i.ToString(CultureInfo.InvariantCulture)).ToList();
        await _hosts[1].WatchAsync("task:task-1");

        var receipt = await _hosts[0].AppendAsync("task-1", [.. expected.Select((text, i) => LogHost.Output(text, $"id {i}"))]);

        Assert.That(receipt.Accepted, Is.EqualTo(expected.Count));
        Assert.That(TextsOf(await _hosts[2].Store.ReadAsync("task-1", 0, 20_000, CancellationToken.None)), Is.EqualTo(expected));
        await Probe.Until(() => TextsOf(Told(_hosts[1], "task-1")).SequenceEqual(expected), "another instance has told all of them");
        var repeated = await _hosts[2].AppendAsync("task-1", LogHost.Output("0", "id 0"), LogHost.Output("11999", "id 11999"));
        Assert.That(repeated.Duplicates, Is.EqualTo(2), "ids, whatever is in them, stay with their entries");
    }

    [Test]
    public async Task An_id_that_only_the_store_remembers_is_not_taken_again()
    {
        await _hosts[0].AppendAsync("task-1", LogHost.Output("once", "id-1"));
        await _redis.FlushAllAsync();

        var receipt = await _hosts[1].AppendAsync("task-1", LogHost.Output("once", "id-1"), LogHost.Output("next", "id-2"));

        // The first row says that the task was created.
        Assert.That(receipt, Is.EqualTo(new AppendReceipt(1, 1, 3)));
        Assert.That(await StoredTextsAsync("task-1"), Is.EqualTo(new[] { "once", "next" }));
    }

    [Test]
    public async Task A_call_that_is_repeated_because_its_answer_was_lost_is_done_once()
    {
        await _hosts[0].AppendAsync("task-1", LogHost.Output("first"));
        var epoch = (await _hosts[0].Positions.GetAsync("task:task-1", CancellationToken.None)).Epoch;
        var call = new AppendCall([new LogWork(LogOperation.From([new LogAppend("task-1", [LogHost.Output("second")])]), 0)]);
        var arguments = call.Arguments("instance", 1, 0, epoch, new Dictionary<string, TaskLogHead>());

        using var line = new RedisLine(RedisConnectionString.Parse(_redis.ConnectionString), Options.Create(new RedisOptions()));
        var answer = call.Read(RedisScript.Append.Run(line, arguments));
        var repeated = call.Read(RedisScript.Append.Run(line, arguments));

        Assert.That(answer, Is.TypeOf<AppendDone>());
        Assert.That(repeated, Is.EqualTo(answer));
        await _hosts[0].AppendAsync("task-1", LogHost.Output("third"));
        Assert.That(await StoredTextsAsync("task-1"), Is.EqualTo(new[] { "first", "second", "third" }));
    }

    [Test]
    public async Task What_repeats_the_stream_is_left_out_on_every_instance()
    {
        await _hosts[0].AppendAsync("task-1", LogHost.Output("streamed"));

        var repeat = await _hosts[1].AppendAsync("task-1", LogHost.Output("streamed") with { IsRepeat = true });
        var first = await _hosts[1].AppendAsync("task-2", LogHost.Output("whole") with { IsRepeat = true });

        Assert.That((repeat.Accepted, repeat.Duplicates), Is.EqualTo((0, 1)));
        Assert.That((first.Accepted, first.Duplicates), Is.EqualTo((1, 0)));
    }

    [Test]
    public async Task A_status_is_on_the_channel_of_its_task_and_on_that_of_all_tasks()
    {
        await _hosts[0].AppendAsync("task-1", LogHost.Output("x"));
        var from = await _hosts[2].WatchAsync(Channels.Tasks);
        var reader = _hosts[2].Get<Application.Tasks.Ports.ITaskStatusReader>();

        await _hosts[0].AppendAsync("task-1", LogHost.Status("task-1", "event-1"));
        await _hosts[1].AppendAsync("task-1", LogHost.Status("task-1", "event-1"));

        await Probe.Until(() => _hosts[2].Publisher.On(Channels.Tasks).Count > 0, "the list hears of it");
        var listed = _hosts[2].Publisher.On(Channels.Tasks).Single();
        Assert.That(listed.Offset, Is.EqualTo(from.Offset + 1));
        Assert.That(((TaskStatusMessage)listed.Message).Status, Is.EqualTo(AgentTaskStatus.Completed));
        Assert.That((await _hosts[1].ReadAsync("task:task-1"))[^1].Message, Is.EqualTo(listed.Message));
        Assert.That((await _hosts[1].ReadAsync(Channels.Tasks, from.Offset)).Single(), Is.EqualTo(listed));
        await Probe.Until(async () => await reader.GetStatusAsync("task-1", CancellationToken.None) == AgentTaskStatus.Completed, "the status is known");
    }

    [Test]
    public async Task Nothing_is_lost_or_told_twice_though_Redis_is_killed_in_the_middle()
    {
        var tasks = await WatchTasksAsync(3);

        await ProduceAsync(tasks, 200, async half =>
        {
            await half;
            await _redis.KillAsync();
            await _redis.StartAsync();
        });

        await AssertCompleteAsync(tasks, 200);
    }

    [Test]
    public async Task Nothing_is_lost_or_told_twice_though_Redis_does_not_answer_for_a_while()
    {
        var tasks = await WatchTasksAsync(2);

        await ProduceAsync(tasks, 100, async half =>
        {
            await half;
            _redis.Pause();
            try
            {
                // Longer than a call is waited for: every instance repeats the one that it cannot know the outcome of.
                await Task.Delay(TimeSpan.FromSeconds(3));
            }
            finally
            {
                _redis.Resume();
            }
        });

        await AssertCompleteAsync(tasks, 100);
    }

    [TestCase("is flushed")]
    [TestCase("is replaced by an empty one")]
    [TestCase("comes back with older data")]
    public async Task Nothing_is_lost_though_Redis_loses_data_in_the_middle(string how)
    {
        var tasks = await WatchTasksAsync(3);
        var before = await _hosts[0].Positions.GetAsync(Channels.Task(tasks[0]), CancellationToken.None);

        await ProduceAsync(tasks, 200, async half =>
        {
            if (how == "comes back with older data")
            {
                await UntilStoredAsync(300);
                _redis.BackUp();
            }

            await half;
            switch (how)
            {
                case "is flushed":
                    await _redis.FlushAllAsync();
                    break;
                default:
                    await UntilStoredAsync(600);
                    await _redis.RestoreAsync();
                    break;
            }
        });

        foreach (var task in tasks)
        {
            var frames = await AssertStoredAsync(task, 200);
            foreach (var host in _hosts)
            {
                await Probe.Until(() => host.Publisher.ResetOf(Channels.Task(task)) is not null, $"{task} begins anew");
                await Probe.Until(() => host.Publisher.ResetOf(Channels.Task(task))?.Offset == frames.Count
                    || (Told(host, task) is [.., { Offset: { } last }] && last == frames.Count), $"the end of {task} is told");
                var reset = host.Publisher.ResetOf(Channels.Task(task));
                Assert.That(reset?.Epoch, Is.Not.Null.And.Not.EqualTo(before.Epoch));
                Assert.That(Told(host, task).Select(Plain), Is.EqualTo(frames.Skip((int)reset!.Value.Offset).Select(Plain)));
            }
        }
    }

    /// <summary>Each by itself: the others who could notice are gone when Redis comes back.</summary>
    [TestCase("who appended", TestName = "Who_appended_notices_older_data_without_appending")]
    [TestCase("the writer", TestName = "The_writer_notices_older_data_though_who_appended_is_gone")]
    [TestCase("who watches", TestName = "Who_watches_notices_older_data_though_the_writer_and_who_appended_are_gone")]
    public async Task Older_data_are_noticed_by(string who)
    {
        var writer = await WriterAsync();
        var (appends, watches) = (_hosts.First(host => host != writer), _hosts.Last(host => host != writer));
        var remains = who switch { "who appended" => appends, "the writer" => writer, _ => watches };
        await appends.AppendAsync("task-1", LogHost.Output("a"));
        _redis.BackUp();
        if (remains == watches)
        {
            await watches.WatchAsync("task:task-1");
        }

        await appends.AppendAsync("task-1", LogHost.Output("b"));
        await Probe.Until(() => remains != watches || Told(watches, "task-1").Count == 1, "it is told");
        var before = await remains.Positions.GetAsync("task:task-1", CancellationToken.None);

        await _redis.RestoreAsync(() => Task.WhenAll(_hosts.Where(host => host != remains).Select(host => host.StopAsync())));

        await Probe.Until(
            async () => await remains.Positions.GetAsync("task:task-1", CancellationToken.None) is { Offset: 3 } after && LogEpoch.NumberOf(after.Epoch) > LogEpoch.NumberOf(before.Epoch),
            "the epoch ends");
        // Else what is appended may be part of the position that it is told with the reset.
        await Probe.Until(() => remains != watches || watches.Publisher.ResetOf("task:task-1") is not null, "it is told");
        await remains.AppendAsync("task-1", LogHost.Output("c"));
        Assert.That(TextsOf(await remains.Store.ReadAsync("task-1", 0, 100, CancellationToken.None)), Is.EqualTo(["a", "b", "c"]));
        if (remains == watches)
        {
            // What it was told before is forgotten with the reset.
            await Probe.Until(() => Told(watches, "task-1").Count == 1, "it goes on");
            Assert.That((watches.Publisher.ResetOf("task:task-1")?.Offset, Told(watches, "task-1").Single().Offset), Is.EqualTo((3, 4)));
        }
    }

    [Test]
    public async Task Data_of_an_earlier_epoch_are_not_gone_on_with()
    {
        var writer = await WriterAsync();
        var (first, second) = (_hosts.First(host => host != writer), _hosts.Last(host => host != writer));
        await first.AppendAsync("task-1", LogHost.Output("a"));
        _redis.BackUp();
        await _redis.FlushAllAsync();
        await first.AppendAsync("task-1", LogHost.Output("b"));
        await first.AppendAsync("task-1", LogHost.Output("c"));
        var before = await first.Positions.GetAsync("task:task-1", CancellationToken.None);

        // The writer would notice by itself.
        await _redis.RestoreAsync(writer.StopAsync);

        await first.AppendAsync("task-1", LogHost.Output("d"));
        ChannelPosition after = default;
        await Probe.Until(
            async () => (after = await second.Positions.GetAsync("task:task-1", CancellationToken.None)).Epoch.Length > 0, "the other one is connected again, too");
        Assert.That((after.Offset, LogEpoch.NumberOf(after.Epoch)), Is.EqualTo((5, LogEpoch.NumberOf(before.Epoch) + 1)));
        Assert.That(TextsOf(await second.Store.ReadAsync("task-1", 0, 100, CancellationToken.None)), Is.EqualTo(["a", "b", "c", "d"]));
    }

    [Test]
    public async Task Offsets_that_were_given_twice_end_the_epoch_and_no_row_is_lost()
    {
        await _hosts[0].AppendAsync("task-1", LogHost.Output("a"));
        var before = await _hosts[0].Positions.GetAsync("task:task-1", CancellationToken.None);
        await _redis.CommandAsync("HSET", "dash:c:task:task-1", "offset", "1", "stored", "1");
        await _redis.CommandAsync("DEL", "dash:w:task:task-1");

        await _hosts[1].AppendAsync("task-1", LogHost.Output("b"));

        await Probe.Until(
            async () => (await _hosts[1].Positions.GetAsync("task:task-1", CancellationToken.None)) is { Offset: 3 } after && after.Epoch != before.Epoch, "the epoch ends");
        await _hosts[1].AppendAsync("task-1", LogHost.Output("c"));
        Assert.That(await StoredTextsAsync("task-1"), Is.EqualTo(["a", "b", "c"]));
    }

    [Test]
    public async Task What_was_not_stored_is_found_missing_though_something_else_has_its_offset()
    {
        await _hosts[0].AppendAsync("task-1", LogHost.Output("a"));
        Task<AppendReceipt> lost, instead;
        await using (var nobodyStores = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Pooling = false }.ConnectionString))
        {
            await nobodyStores.OpenAsync();
            await using var take = new NpgsqlCommand($"SELECT pg_advisory_lock({PostgresLease.LogWriterKey})", nobodyStores);
            var taking = take.ExecuteNonQueryAsync();
            var writer = await WriterAsync();
            await writer.StopAsync();
            await taking.WaitAsync(Probe.Deadline);

            // As if Redis had come back with data of a moment ago, and another instance had gone on with them before anybody noticed.
            var others = _hosts.Where(host => host != writer).ToList();
            lost = await others[0].TakeAsync("task-1", LogHost.Output("lost"));
            await Probe.Until(async () => await _redis.CommandAsync("XLEN", "dash:pending") == ":1", "it is appended");
            await _redis.CommandAsync("DEL", "dash:pending", "dash:w:task:task-1");
            await _redis.CommandAsync("HSET", "dash:c:task:task-1", "offset", "2");
            instead = await others[1].TakeAsync("task-1", LogHost.Output("instead"));
            await Probe.Until(async () => await _redis.CommandAsync("XLEN", "dash:pending") == ":1", "it is appended");
        }

        await instead.WaitAsync(Probe.Deadline);
        Assert.That(lost.IsCompleted, Is.False, "nobody has stored it");
        await _redis.CommandAsync("DEL", "dash:epoch", "dash:writer");

        Assert.That((await lost.WaitAsync(Probe.Deadline)).Accepted, Is.EqualTo(1));
        Assert.That(await StoredTextsAsync("task-1"), Is.EqualTo(["a", "instead", "lost"]));
    }

    [Test]
    public async Task Another_instance_stores_the_rest_when_the_one_that_stored_is_gone()
    {
        await _hosts[0].AppendAsync("task-1", LogHost.Output("0"));
        var takenAtTheEnd = new List<Task<AppendReceipt>>();
        foreach (var leaving in _hosts.Take(2))
        {
            takenAtTheEnd.Add(await _hosts[2].TakeAsync("task-1", LogHost.Output("next")));
            await leaving.StopAsync();
        }

        takenAtTheEnd.Add(await _hosts[2].TakeAsync("task-1", LogHost.Output("last")));
        await Task.WhenAll(takenAtTheEnd).WaitAsync(Probe.Deadline);

        Assert.That(await StoredTextsAsync("task-1"), Is.EqualTo(new[] { "0", "next", "next", "last" }));
    }

    [Test]
    public async Task A_writer_that_lost_its_lease_without_knowing_takes_nothing_any_more()
    {
        await _hosts[0].AppendAsync("task-1", LogHost.Output("0"));
        await RedisScript.Begin.RunAsync(_hosts[0].Redis, ["old", "", "", ""], CancellationToken.None);
        await RedisScript.Begin.RunAsync(_hosts[0].Redis, ["new", "", "", ""], CancellationToken.None);

        var read = await RedisScript.Read.RunAsync(_hosts[0].Redis, ["old", "10", "", ""], CancellationToken.None);
        var stored = await RedisScript.Stored.RunAsync(_hosts[0].Redis, ["old", "1-0", "1-1", "60", "0"], CancellationToken.None);

        Assert.That(read.IsNull || stored.IsNull, Is.True);
        Assert.That((long)stored, Is.Zero);
    }

    [Test]
    public async Task What_is_said_while_PostgreSQL_is_away_is_told_at_once_and_stored_later()
    {
        var tasks = await WatchTasksAsync(1);
        await _hosts[0].AppendAsync(tasks[0], LogHost.Output("before"));
        await AllowConnectionsAsync(false);
        Task<AppendReceipt>[] taken;
        try
        {
            taken = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => _hosts[i % Instances].TakeAsync(tasks[0], LogHost.Output($"{i}", $"id-{i}"))));
            foreach (var host in _hosts)
            {
                await Probe.Until(() => TextsOf(host.Publisher.On(Channels.Task(tasks[0]))).Count == 11, "it is told");
            }

            Assert.That(taken.Any(stored => stored.IsCompleted), Is.False);
        }
        finally
        {
            await AllowConnectionsAsync(true);
        }

        await Task.WhenAll(taken).WaitAsync(Probe.Deadline);
        foreach (var host in _hosts)
        {
            var kept = await DespiteCutConnectionsAsync(() => host.ReadAsync(Channels.Task(tasks[0])));
            Assert.That(Told(host, tasks[0]).Select(Plain), Is.EqualTo(kept.Select(Plain)));
        }

        Assert.That(await DespiteCutConnectionsAsync(() => _database.QueryAsync<long>("SELECT count(*) FROM task_log")), Is.EqualTo(12));
    }

    [Test]
    public async Task What_the_window_no_longer_holds_comes_from_the_store_under_the_same_offsets()
    {
        await _hosts[0].AppendAsync("task-1", [.. Enumerable.Range(0, 300).Select(i => LogHost.Output($"{i}"))]);
        var before = await _hosts[1].ReadAsync("task:task-1");
        await _redis.CommandAsync("XTRIM", "dash:w:task:task-1", "MAXLEN", "50");
        var trimmed = await _hosts[1].ReadAsync("task:task-1");
        await _redis.CommandAsync("DEL", "dash:w:task:task-1");
        var gone = await _hosts[1].ReadAsync("task:task-1");

        Assert.That(before.Select(frame => frame.Offset), Is.EqualTo(Enumerable.Range(1, 301).Select(i => (long?)i)));
        Assert.That(trimmed.Select(Plain), Is.EqualTo(before.Select(Plain)));
        Assert.That(gone.Select(Plain), Is.EqualTo(before.Select(Plain)));
    }

    [Test]
    public async Task The_window_keeps_what_is_not_stored_and_is_bounded_otherwise()
    {
        await _hosts[0].AppendAsync("task-1", [.. Enumerable.Range(0, 3_000).Select(i => LogHost.Output($"{i}"))]);
        await _hosts[0].AppendAsync("task-1", LogHost.Output("last"));

        var length = long.Parse((await _redis.CommandAsync("XLEN", "dash:w:task:task-1"))[1..], CultureInfo.InvariantCulture);

        Assert.That(length, Is.InRange(1_000, 1_300));
        Assert.That(await _redis.CommandAsync("XLEN", "dash:pending"), Is.EqualTo(":0"));
        Assert.That(await _redis.CommandAsync("TTL", "dash:c:task:task-1"), Does.Not.StartWith(":-"), "an idle channel is forgotten");
    }

    [Test]
    public async Task A_channel_that_Redis_has_forgotten_goes_on_where_the_store_stands()
    {
        await _hosts[0].AppendAsync("task-1", LogHost.Output("a", "id-a"));
        await _redis.CommandAsync("DEL", "dash:c:task:task-1");
        var position = await _hosts[1].Positions.GetAsync("task:task-1", CancellationToken.None);

        var receipt = await _hosts[1].AppendAsync("task-1", LogHost.Output("a", "id-a"), LogHost.Output("b", "id-b"));

        Assert.That(position.Offset, Is.EqualTo(2));
        Assert.That(receipt, Is.EqualTo(new AppendReceipt(1, 1, 3)));
        Assert.That(await StoredTextsAsync("task-1"), Is.EqualTo(new[] { "a", "b" }));
    }

    [Test]
    public async Task A_follower_of_a_task_is_woken_on_any_instance()
    {
        await _hosts[0].AppendAsync("task-1", LogHost.Output("a"));
        var waiting = _hosts[1].Log.WaitForMoreAsync("task-1", 2, TimeSpan.FromMinutes(1), CancellationToken.None);

        await _hosts[0].AppendAsync("task-1", LogHost.Output("b"));

        await waiting.WaitAsync(Probe.Deadline);
    }

    [Test]
    public async Task Losses_are_announced_on_every_instance_to_those_who_watch_what_was_active()
    {
        await _hosts[0].AppendAsync("active", LogHost.Output("a"));
        await _hosts[1].WatchAsync("task:active");
        await _hosts[1].WatchAsync("task:other");

        _hosts[2].Log.AnnounceInterruption(GapReasons.SourceInterrupted);
        _hosts[2].Log.AnnounceLoss("other", GapReasons.SourceOverflow);

        await Probe.Until(() => _hosts[1].Publisher.On("task:other").Count > 0, "the loss is told");
        Assert.That(_hosts[1].Publisher.On("task:active").Single().Message, Is.EqualTo(new GapMessage(null, null, GapReasons.SourceInterrupted, null)));
        Assert.That(_hosts[1].Publisher.On("task:other").Single().Message, Is.EqualTo(new GapMessage(null, null, GapReasons.SourceOverflow, null)));
    }

    [Test]
    public async Task Only_what_is_watched_is_heard()
    {
        await _hosts[1].WatchAsync("task:task-1");
        await _hosts[1].WatchAsync("task:task-1");
        await _hosts[0].AppendAsync("task-1", LogHost.Output("a"));
        await Probe.Until(() => _hosts[1].Publisher.On("task:task-1").Count == 2, "both rows are told");
        _hosts[1].Feed.Unwatch("task:task-1");
        Assert.That(await _redis.CommandAsync("PUBLISH", "dash:ch:task:task-1", "x"), Is.EqualTo(":1"), "one still watches");
        _hosts[1].Feed.Unwatch("task:task-1");

        await Probe.Until(async () => await _redis.CommandAsync("PUBLISH", "dash:ch:task:task-1", "x") == ":0", "nobody listens");
        Assert.That(_hosts[0].Publisher.On("task:task-1"), Is.Empty);
    }

    [Test]
    public async Task An_append_without_entries_says_where_the_log_stands()
    {
        await _hosts[0].AppendAsync("task-1", LogHost.Output("a"));

        Assert.That(await _hosts[1].AppendAsync("task-1"), Is.EqualTo(new AppendReceipt(0, 0, 2)));
    }

    /// <summary>The instance that stores.</summary>
    private async Task<LogHost> WriterAsync()
    {
        var name = "";
        await Probe.Until(
            async () => (name = await _database.QueryAsync<string>(
                $"""
                SELECT coalesce(min(a.application_name), '') FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint << 32 | l.objid::bigint = {PostgresLease.LogWriterKey} AND a.datname = current_database()
                """)).Length > 0,
            "somebody stores");
        return _hosts.Single(host => host.Name == name);
    }

    private Task UntilStoredAsync(long rows) =>
        Probe.Until(async () => await _database.QueryAsync<long>("SELECT count(*) FROM task_log") >= rows, $"{rows} rows are stored");

    private async Task<string[]> WatchTasksAsync(int count)
    {
        var tasks = Enumerable.Range(0, count).Select(i => $"task-{i}").ToArray();
        foreach (var host in _hosts)
        {
            foreach (var task in tasks)
            {
                await host.WatchAsync(Channels.Task(task));
            }
        }

        return tasks;
    }

    /// <summary>Every instance appends so many entries to every task, each after the one before; something happens when half is taken.</summary>
    private async Task ProduceAsync(string[] tasks, int count, Func<Task, Task> happens)
    {
        var half = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var taken = 0;
        var happening = happens(half.Task);
        await Task.WhenAll(_hosts.SelectMany((host, instance) => tasks.Select(task => Task.Run(async () =>
        {
            var stored = new List<Task>();
            for (var i = 0; i < count; i++)
            {
                // Every other one with an id.
                stored.Add(await host.TakeAsync(task, LogHost.Output($"{instance}/{i}", i % 2 == 0 ? $"{instance}/{i}" : null)));
                if (Interlocked.Increment(ref taken) == _hosts.Count * tasks.Length * count / 2)
                {
                    half.SetResult();
                }

                if (i % 10 == 9)
                {
                    await stored[^1].WaitAsync(TimeSpan.FromSeconds(60));
                }
            }

            await Task.WhenAll(stored).WaitAsync(TimeSpan.FromSeconds(60));
        }))));
        await happening;
    }

    private async Task AssertCompleteAsync(string[] tasks, int count)
    {
        foreach (var task in tasks)
        {
            var frames = await AssertStoredAsync(task, count);
            foreach (var host in _hosts)
            {
                await Probe.Until(() => Told(host, task).Count >= frames.Count, $"all of {task} is told");
                Assert.That(Told(host, task).Select(Plain), Is.EqualTo(frames.Select(Plain)));
            }
        }
    }

    /// <summary>The store holds a sequence without a hole: every entry of every instance once, those of one instance in their order.</summary>
    private async Task<List<ChannelFrame>> AssertStoredAsync(string task, int count)
    {
        var frames = new List<ChannelFrame>();
        while (await _hosts[0].Store.ReadAsync(task, frames.Count, 1_000, CancellationToken.None) is { Count: > 0 } more)
        {
            frames.AddRange(more);
        }

        Assert.That(frames.Select(frame => frame.Offset), Is.EqualTo(Enumerable.Range(1, frames.Count).Select(i => (long?)i)), task);
        var texts = TextsOf(frames);
        for (var instance = 0; instance < _hosts.Count; instance++)
        {
            var own = texts.Where(text => text.StartsWith($"{instance}/", StringComparison.Ordinal));
            Assert.That(own, Is.EqualTo(Enumerable.Range(0, count).Select(i => $"{instance}/{i}")), $"{task} from instance {instance}");
        }

        return frames;
    }

    private async Task<List<string>> StoredTextsAsync(string task) => TextsOf(await _hosts[^1].Store.ReadAsync(task, 0, 10_000, CancellationToken.None));

    /// <summary>The messages of the sequence that an instance handed on.</summary>
    private static List<ChannelFrame> Told(LogHost host, string task) => [.. host.Publisher.On(Channels.Task(task)).Where(frame => frame.Offset is not null)];

    private static List<string> TextsOf(IEnumerable<ChannelFrame> frames) =>
        [.. frames.Select(frame => frame.Message).OfType<TaskOutputMessage>().Select(message => message.Output)];

    /// <summary>Times are stored in microseconds.</summary>
    private static (string, long?, RealtimeMessage) Plain(ChannelFrame frame) => (frame.Channel, frame.Offset, frame.Message);

    /// <summary>A pool may hold connections that were cut while nobody used them.</summary>
    private static async Task<T> DespiteCutConnectionsAsync<T>(Func<Task<T>> query)
    {
        T? answer = default;
        await Probe.Until(
            async () =>
            {
                try
                {
                    answer = await query();
                    return true;
                }
                catch (NpgsqlException)
                {
                    return false;
                }
            },
            "PostgreSQL answers");
        return answer!;
    }

    private async Task AllowConnectionsAsync(bool allow)
    {
        var server = new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Database = "postgres", Pooling = false };
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync();
        await using var alter = new NpgsqlCommand($"ALTER DATABASE {_database.Name} ALLOW_CONNECTIONS {allow}", connection);
        await alter.ExecuteNonQueryAsync();
        if (!allow)
        {
            await using var cut = new NpgsqlCommand($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{_database.Name}'", connection);
            await cut.ExecuteNonQueryAsync();
        }
    }
}
