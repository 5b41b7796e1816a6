using FsCheck;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Application.Realtime.Log;

public sealed class TaskLogTests
{
    private const string TaskId = LogHarness.TaskId;

    [Test]
    public async Task What_is_appended_is_published_and_stored_under_one_offset()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Register();

        var receipt = await harness.AppendAsync(LogHarness.Output("a\n"), LogHarness.Output("b\n", kind: OutputKinds.Thinking));

        Assert.Multiple(() =>
        {
            Assert.That(receipt, Is.EqualTo(new AppendReceipt(2, 0, 2)));
            Assert.That(harness.Database.RowsOf(TaskId).Select(row => (row.Offset, row.Kind, row.Output)),
                Is.EqualTo(new[] { (1L, "output", "a\n"), (2L, "thinking", "b\n") }));
            Assert.That(harness.Publisher.Frames, Is.EqualTo(new[]
            {
                new ChannelFrame("task:task-1", 1, ManualTime.Start, new TaskOutputMessage(TaskId, "a\n", "output", null)),
                new ChannelFrame("task:task-1", 2, ManualTime.Start, new TaskOutputMessage(TaskId, "b\n", "thinking", null)),
            }));
        });
    }

    [Test]
    public async Task It_is_published_before_it_is_stored()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Register();
        harness.Store.HoldWrites();

        var stored = await harness.TakeAsync(LogHarness.Output("a"));
        await harness.Publisher.UntilAsync(frames => frames.Count == 1);

        Assert.That((harness.Stored().Count, stored.IsCompleted), Is.EqualTo((0, false)));
        harness.Store.LetWritesGo();
        Assert.That((await stored.InTime()).LastOffset, Is.EqualTo(1));
        Assert.That(harness.Stored(), Is.EqualTo(new[] { "a" }));
    }

    [Test]
    public async Task A_status_is_in_the_log_of_its_task_and_on_the_channel_of_all_tasks()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Register();

        await harness.AppendAsync(LogHarness.Output("a"), LogHarness.Status("evt-1"), LogHarness.Status("evt-2", AgentTaskStatus.Failed));

        Assert.Multiple(() =>
        {
            Assert.That(harness.Publisher.On("task:task-1").Select(frame => frame.Offset), Is.EqualTo(new long?[] { 1, 2, 3 }));
            Assert.That(harness.Publisher.On("tasks").Select(frame => frame.Offset), Is.EqualTo(new long?[] { 1, 2 }));
            Assert.That(harness.Database.RowsOf(TaskId)[1], Has.Property(nameof(LogRow.Kind)).Null
                .And.Property(nameof(LogRow.Status)).EqualTo(AgentTaskStatus.Running));
            Assert.That(harness.Database.RowsOf(TaskId)[1].Data!.Value.GetRawText(),
                Is.EqualTo("""{"version":2,"source":"github","cost_usd":0.5,"input_tokens":1,"output_tokens":2,"duration_seconds":3}"""));
        });
    }

    [Test]
    public void Under_concurrent_appends_the_offsets_of_each_task_grow_by_one_in_the_order_of_publication() => Prop.ForAll(
        Arb.From(Gen.ListOf(Gen.Choose(0, 3)).Resize(60)),
        taskNumbers =>
        {
            var harness = LogHarness.StartAsync().GetAwaiter().GetResult();
            foreach (var number in Enumerable.Range(0, 4))
            {
                harness.Register($"task-{number}");
            }

            var receipts = taskNumbers.AsParallel().WithDegreeOfParallelism(4).Select(async (number, i) =>
                await (await harness.Log.AppendAsync(
                    [new LogAppend($"task-{number}", [LogHarness.Output($"{i}"), LogHarness.Output($"{i}'")])], CancellationToken.None)).InTime()).ToList();
            Task.WhenAll(receipts).InTime().GetAwaiter().GetResult();

            foreach (var number in Enumerable.Range(0, 4))
            {
                var taskId = $"task-{number}";
                var expected = Enumerable.Range(1, 2 * taskNumbers.Count(n => n == number)).Select(i => (long)i).ToList();
                Assert.That(harness.StoredOffsets(taskId), Is.EqualTo(expected));
                Assert.That(harness.PublishedOffsets(taskId), Is.EqualTo(expected));
                Assert.That(harness.Publisher.OutputOf(taskId), Is.EqualTo(harness.Stored(taskId)), "what was published is what is stored");
                Assert.That(
                    harness.Stored(taskId).Chunk(2).All(pair => pair[1] == pair[0] + "'"), "an append is taken as one");
            }

            harness.DisposeAsync().AsTask().InTime().GetAwaiter().GetResult();
        }).QuickCheckThrowOnFailure();

    [Test]
    public async Task An_entry_with_an_id_is_taken_once()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Register();
        await harness.AppendAsync(LogHarness.Output("a", "id-1"));

        var receipt = await harness.AppendAsync(LogHarness.Output("a", "id-1"), LogHarness.Output("b", "id-2"), LogHarness.Output("b", "id-2"));

        Assert.That(receipt, Is.EqualTo(new AppendReceipt(1, 2, 2)));
        Assert.That((harness.Metrics.Duplicates, harness.Stored()), Is.EqualTo((2L, new[] { "a", "b" })));
        Assert.That(harness.Store.Asked, Is.Empty, "memory holds every id of this task");
    }

    [Test]
    public async Task Ids_belong_to_their_task()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Register();
        harness.Register("task-2");
        await harness.AppendAsync(LogHarness.Output("a", "id-1"));

        var receipt = await (await harness.Log.AppendAsync([new LogAppend("task-2", [LogHarness.Output("a", "id-1")])], default)).InTime();

        Assert.That(receipt.Accepted, Is.EqualTo(1));
    }

    [Test]
    public async Task Entries_without_an_id_are_all_taken()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Register();

        var receipt = await harness.AppendAsync(LogHarness.Output("a"), LogHarness.Output("a"));

        Assert.That((receipt.Accepted, harness.Stored()), Is.EqualTo((2, new[] { "a", "a" })));
    }

    [Test]
    public async Task An_id_that_memory_has_forgotten_is_found_in_the_store()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Register();
        await harness.AppendAsync([.. Enumerable.Range(0, RecentIds.Capacity).Select(i => LogHarness.Output("x", $"id-{i}"))]);
        await harness.AppendAsync(LogHarness.Output("y", "one more"));

        var receipt = await harness.AppendAsync(LogHarness.Output("x", "id-0"), LogHarness.Output("z", "new"));

        Assert.That(receipt, Is.EqualTo(new AppendReceipt(1, 1, RecentIds.Capacity + 2)));
        Assert.That(harness.Store.Asked, Does.Contain((TaskId, "id-0")));
    }

    [Test]
    public async Task After_a_restart_the_ids_are_found_in_the_store_and_the_offsets_go_on()
    {
        var database = new InMemoryDatabase();
        await using (var before = await LogHarness.StartAsync(database))
        {
            before.Register();
            await before.AppendAsync(LogHarness.Output("a", "id-1"), LogHarness.Output("b", "id-2"));
        }

        await using var harness = await LogHarness.StartAsync(database);
        var receipt = await harness.AppendAsync(LogHarness.Output("b", "id-2"), LogHarness.Output("c", "id-3"));

        Assert.That(receipt, Is.EqualTo(new AppendReceipt(1, 1, 3)));
        Assert.That(harness.Stored(), Is.EqualTo(new[] { "a", "b", "c" }));
        Assert.That(harness.PublishedOffsets(), Is.EqualTo(new long?[] { 3 }));
    }

    [Test]
    public async Task Another_process_has_another_epoch_and_one_process_keeps_its_own()
    {
        await using var one = await LogHarness.StartAsync();
        await using var other = await LogHarness.StartAsync(one.Database);
        one.Register();

        var before = await one.Log.GetAsync("task:task-1", default);
        await one.AppendAsync(LogHarness.Output("a"));

        Assert.That((await one.Log.GetAsync("task:task-1", default)).Epoch, Is.EqualTo(before.Epoch));
        Assert.That((await other.Log.GetAsync("task:task-1", default)).Epoch, Is.Not.EqualTo(before.Epoch));
    }

    [Test]
    public async Task A_repeat_is_taken_where_nothing_was_streamed()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Register();
        await harness.AppendAsync(LogHarness.Output("hm", kind: OutputKinds.Thinking));

        var receipt = await harness.AppendAsync(LogHarness.Output("all of it") with { IsRepeat = true });

        Assert.That((receipt.Accepted, harness.Stored()), Is.EqualTo((1, new[] { "hm", "all of it" })));
    }

    [Test]
    public async Task A_repeat_of_what_was_streamed_is_left_out()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Register();
        await harness.AppendAsync(LogHarness.Output("all "), LogHarness.Output("of it"));

        var receipt = await harness.AppendAsync(LogHarness.Output("all of it") with { IsRepeat = true });

        Assert.That((receipt.Duplicates, harness.Stored()), Is.EqualTo((1, new[] { "all ", "of it" })));
    }

    [Test]
    public async Task A_repeat_of_what_was_streamed_before_a_restart_is_left_out()
    {
        var database = new InMemoryDatabase();
        await using (var before = await LogHarness.StartAsync(database))
        {
            before.Register();
            await before.AppendAsync(LogHarness.Output("all of it"));
        }

        await using var harness = await LogHarness.StartAsync(database);
        var receipt = await harness.AppendAsync(LogHarness.Output("all of it") with { IsRepeat = true });

        Assert.That((receipt.Accepted, receipt.Duplicates), Is.EqualTo((0, 1)));
    }

    [Test]
    public async Task A_large_chunk_becomes_several_rows_and_stays_one_entry()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Register();
        var text = string.Concat(Enumerable.Range(0, 60_000).Select(i => $"line {i}\n"));

        var receipt = await harness.AppendAsync(LogHarness.Output(text, "id-1"), LogHarness.Output("next"));
        var repeated = await harness.AppendAsync(LogHarness.Output(text, "id-1"));

        var rows = harness.Database.RowsOf(TaskId);
        Assert.Multiple(() =>
        {
            Assert.That(receipt, Is.EqualTo(new AppendReceipt(2, 0, rows.Count)));
            Assert.That(repeated, Is.EqualTo(new AppendReceipt(0, 1, rows.Count)));
            Assert.That(rows, Has.Count.GreaterThan(2));
            Assert.That(string.Concat(rows.SkipLast(1).Select(row => row.Output)), Is.EqualTo(text));
            Assert.That(rows.Select(row => row.Offset), Is.EqualTo(Enumerable.Range(1, rows.Count)));
            Assert.That(rows.Select(row => row.SourceId), Is.EqualTo(new[] { "id-1" }.Concat(Enumerable.Repeat<string?>(null, rows.Count - 1))));
            Assert.That(harness.Publisher.OutputOf(TaskId), Is.EqualTo(rows.Select(row => row.Output)));
        });
    }

    [Test]
    public async Task What_cannot_be_stored_is_replaced_live_and_stored_alike()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Register();

        await harness.AppendAsync(LogHarness.Output("a\0b\uD800c"));

        Assert.That((harness.Stored(), harness.Publisher.OutputOf(TaskId)), Is.EqualTo((new[] { "a\uFFFDb\uFFFDc" }, new[] { "a\uFFFDb\uFFFDc" })));
    }

    [Test]
    public async Task A_task_that_nobody_registered_is_created_once_and_its_log_begins_with_that()
    {
        await using var harness = await LogHarness.StartAsync();

        await Task.WhenAll(await harness.TakeAsync(LogHarness.Output("a")), await harness.TakeAsync(LogHarness.Output("b"))).InTime();
        await harness.AppendAsync(LogHarness.Output("c"));

        var rows = harness.Database.RowsOf(TaskId);
        Assert.Multiple(() =>
        {
            Assert.That(harness.Database.Tasks.Select(task => (task.TaskId, task.Source)), Is.EqualTo(new[] { (TaskId, AgentTask.UnknownSource) }));
            Assert.That(rows.Select(row => row.Output), Is.EqualTo(new[] { null, "a", "b", "c" }));
            Assert.That(rows[0].Status, Is.EqualTo(AgentTaskStatus.Running));
            Assert.That(harness.Publisher.On("tasks"), Has.Count.EqualTo(1));
        });
    }

    [Test]
    public async Task Outbox_rows_end_when_their_append_is_stored()
    {
        await using var harness = await LogHarness.StartAsync();
        var created = AgentTask.Register(TaskId, new TaskRegistration("github", "x", "s", "u"), harness.Time.GetUtcNow(), "evt-1");
        var appends = harness.Database.Commit([(null, created)], harness.Time.GetUtcNow());
        harness.Store.HoldWrites();

        var stored = await harness.Log.AppendAsync(appends, default);
        await harness.Publisher.UntilAsync(frames => frames.Count == 2);
        Assert.That(harness.Database.OutboxIds, Is.EqualTo(appends[0].OutboxIds), "published, not stored yet");
        harness.Store.LetWritesGo();
        await stored.InTime();

        Assert.That(harness.Database.OutboxIds, Is.Empty);
    }

    [Test]
    public async Task An_outbox_row_that_is_taken_twice_ends_and_is_told_once()
    {
        await using var harness = await LogHarness.StartAsync();
        var created = AgentTask.Register(TaskId, new TaskRegistration("github", "x", "s", "u"), harness.Time.GetUtcNow(), "evt-1");
        var appends = harness.Database.Commit([(null, created)], harness.Time.GetUtcNow());

        await (await harness.Log.AppendAsync(appends, default)).InTime();
        var again = await (await harness.Log.AppendAsync(appends, default)).InTime();

        Assert.That((again.Accepted, again.Duplicates), Is.EqualTo((0, 1)));
        Assert.That((harness.Database.OutboxIds.Count, harness.Publisher.On("tasks").Count), Is.EqualTo((0, 1)));
    }

    [Test]
    public async Task While_the_store_is_away_live_output_goes_on_and_everything_is_stored_in_order_when_it_is_back()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Register();
        await harness.AppendAsync(LogHarness.Output("0"));
        harness.Store.Away = true;

        var stored = new List<Task<AppendReceipt>>();
        foreach (var i in Enumerable.Range(1, 50))
        {
            stored.Add(await harness.TakeAsync(LogHarness.Output($"{i}")));
        }

        await harness.Publisher.UntilAsync(frames => frames.Count == 51);
        Assert.That(harness.Stored(), Is.EqualTo(new[] { "0" }));
        Assert.That(stored.Any(task => task.IsCompleted), Is.False);

        await RetryAsync(harness);
        await RetryAsync(harness);
        await RetryAsync(harness, storeIsBack: true);
        await Task.WhenAll(stored).InTime();

        Assert.That(harness.Stored(), Is.EqualTo(Enumerable.Range(0, 51).Select(i => $"{i}")));
        Assert.That(harness.Publisher.OutputOf(TaskId), Is.EqualTo(harness.Stored()));
    }

    [Test]
    public async Task While_the_store_is_away_appends_wait_at_the_byte_bound_and_are_taken_when_it_is_back()
    {
        var options = new TaskLogOptions { MaxPendingBytes = 1 << 20 };
        await using var harness = await LogHarness.StartAsync(options: options);
        harness.Register();
        await harness.AppendAsync(LogHarness.Output("first"));
        harness.Store.Away = true;
        var half = new string('x', 150_000);
        var stored = new List<Task<AppendReceipt>> { await harness.TakeAsync(LogHarness.Output(half)), await harness.TakeAsync(LogHarness.Output(half)) };

        var waiting = harness.TakeAsync(LogHarness.Output(half));
        using var impatience = new CancellationTokenSource();
        var abandoned = harness.Log.AppendAsync([new LogAppend(TaskId, [LogHarness.Output("abandoned")])], impatience.Token).AsTask();
        await harness.Publisher.UntilAsync(frames => frames.Count == 3);
        Assert.That((waiting.IsCompleted, abandoned.IsCompleted), Is.EqualTo((false, false)));
        Assert.That(harness.Metrics.PendingBytes, Is.LessThanOrEqualTo(options.MaxPendingBytes));
        await impatience.CancelAsync();
        Assert.That(async () => await abandoned.InTime(), Throws.InstanceOf<OperationCanceledException>());

        await RetryAsync(harness, storeIsBack: true);
        stored.Add(await waiting.InTime());
        await Task.WhenAll(stored).InTime();

        Assert.That(harness.Stored(), Is.EqualTo(new[] { "first", half, half, half }), "in order, and nothing of the abandoned one");
        Assert.That(harness.Metrics.PendingBytes, Is.Zero);
    }

    [Test]
    public async Task A_write_whose_answer_was_lost_is_not_stored_twice()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Register();
        harness.Store.LosesNextAnswer = true;

        var stored = await harness.TakeAsync(LogHarness.Output("a"), LogHarness.Output("b"));
        await RetryAsync(harness);

        Assert.That((await stored.InTime()).LastOffset, Is.EqualTo(2));
        Assert.That(harness.Stored(), Is.EqualTo(new[] { "a", "b" }));
    }

    [Test]
    public async Task While_the_store_is_away_a_task_that_is_not_in_memory_waits_and_is_taken_in_when_it_is_back()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Store.Away = true;

        var stored = await harness.TakeAsync(LogHarness.Output("a"));
        await RetryAsync(harness);
        await RetryAsync(harness, storeIsBack: true);

        Assert.That((await stored.InTime()).LastOffset, Is.EqualTo(2));
        Assert.That(harness.Stored(), Is.EqualTo(new[] { "a" }));
    }

    [Test]
    public async Task A_row_that_the_store_refuses_does_not_keep_the_others_from_being_stored([Values(0, 3, 6)] int refused)
    {
        await using var harness = await LogHarness.StartAsync();
        var created = AgentTask.Register(TaskId, new TaskRegistration("github", "x", "s", "u"), harness.Time.GetUtcNow(), "evt-1");
        var appends = harness.Database.Commit([(null, created)], harness.Time.GetUtcNow());
        harness.Store.Refuses = row => row.Output == $"{refused}";
        harness.Store.HoldWrites();
        var status = await harness.Log.AppendAsync(appends, default);
        var stored = await harness.TakeAsync([.. Enumerable.Range(0, 7).Select(i => LogHarness.Output($"{i}"))]);
        await harness.Publisher.UntilAsync(frames => frames.Count == 9);

        harness.Store.LetWritesGo();
        await Task.WhenAll(status, stored).InTime();

        Assert.Multiple(() =>
        {
            Assert.That(harness.Stored(), Is.EqualTo(Enumerable.Range(0, 7).Where(i => i != refused).Select(i => $"{i}")));
            Assert.That(harness.Metrics.RowsRejected, Is.EqualTo(1));
            Assert.That(harness.Database.OutboxIds, Is.Empty);
        });
    }

    [Test]
    public async Task Whoever_waits_for_more_wakes_when_more_is_stored()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Register();
        await harness.AppendAsync(LogHarness.Output("a"));
        var waiting = harness.Log.WaitForMoreAsync(TaskId, 1, TimeSpan.FromHours(1), default);
        harness.Store.HoldWrites();

        var stored = await harness.TakeAsync(LogHarness.Output("b"));
        await harness.Publisher.UntilAsync(frames => frames.Count == 2);
        Assert.That(waiting.IsCompleted, Is.False, "published is not stored");
        harness.Store.LetWritesGo();
        await stored.InTime();

        await waiting.InTime();
        Assert.That(harness.Log.WaitForMoreAsync(TaskId, 1, TimeSpan.FromHours(1), default).IsCompleted, Is.True, "there is more already");
    }

    [Test]
    public async Task Whoever_waits_for_more_in_vain_goes_on_after_the_time_named()
    {
        await using var harness = await LogHarness.StartAsync();
        var (impatient, patient) = (
            harness.Log.WaitForMoreAsync(TaskId, 0, TimeSpan.FromSeconds(1), default), harness.Log.WaitForMoreAsync(TaskId, 0, TimeSpan.FromHours(1), default));

        harness.Time.Advance(TimeSpan.FromSeconds(1));

        await impatient.InTime();
        Assert.That(patient.IsCompleted, Is.False);
        await harness.AppendAsync(LogHarness.Output("a"));
        await patient.InTime();
    }

    [Test]
    public async Task Those_who_watch_a_task_are_told_of_a_loss()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Log.AnnounceLoss(TaskId, GapReasons.SourceOverflow);
        await harness.Publisher.UntilAsync(frames => frames.Count == 1);

        Assert.That(harness.Publisher.Frames, Is.EqualTo(new[]
        {
            new ChannelFrame("task:task-1", null, ManualTime.Start, new GapMessage(null, null, "source_overflow", null)),
        }));
    }

    [Test]
    public async Task Only_tasks_that_were_active_in_the_last_minute_are_told_of_an_interruption()
    {
        await using var harness = await LogHarness.StartAsync();
        foreach (var id in new[] { "old", "edge", "new" })
        {
            harness.Register(id);
        }

        await AppendAsync("old");
        harness.Time.Advance(TimeSpan.FromSeconds(1));
        await AppendAsync("edge");
        harness.Time.Advance(TimeSpan.FromSeconds(60));
        await AppendAsync("new");
        harness.Log.AnnounceInterruption(GapReasons.SourceInterrupted);
        await harness.Publisher.UntilAsync(frames => frames.Count(frame => frame.Message is GapMessage) == 2);
        await AppendAsync("new");

        Assert.That(
            harness.Publisher.Frames.Where(frame => frame.Message is GapMessage).Select(frame => (frame.Channel, frame.Offset)),
            Is.EquivalentTo(new (string, long?)[] { ("task:edge", null), ("task:new", null) }));

        async Task AppendAsync(string id) => await (await harness.Log.AppendAsync([new LogAppend(id, [LogHarness.Output("x")])], default)).InTime();
    }

    [Test]
    public async Task A_loss_is_announced_in_its_place()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Register();
        await harness.TakeAsync(LogHarness.Output("a"));
        harness.Log.AnnounceLoss(TaskId, GapReasons.SourceOverflow);
        await harness.AppendAsync(LogHarness.Output("b"));

        Assert.That(harness.Publisher.On("task:task-1").Select(frame => frame.Offset), Is.EqualTo(new long?[] { 1, null, 2 }));
    }

    [Test]
    public async Task The_position_of_a_channel_is_what_was_published_last()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Register();
        await harness.AppendAsync(LogHarness.Status("evt-1"));
        harness.Store.HoldWrites();
        await harness.TakeAsync(LogHarness.Output("a"));
        await harness.Publisher.UntilAsync(frames => frames.Count == 3);

        Assert.That((await harness.Log.GetAsync("task:task-1", default)).Offset, Is.EqualTo(2));
        Assert.That((await harness.Log.GetAsync("tasks", default)).Offset, Is.EqualTo(1));
        Assert.That((await harness.Log.GetAsync("task:nobody", default)).Offset, Is.Zero);
        Assert.That((await harness.Log.GetAsync("cli", default)).Offset, Is.Zero);
    }

    [Test]
    public async Task Whoever_asks_for_the_position_while_a_message_is_published_is_told_of_it()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Register();
        var heads = new List<(string Channel, long? Offset, long Head)>();
        harness.Publisher.Publishing = frame => heads.Add(
            (frame.Channel, frame.Offset, harness.Log.GetAsync(frame.Channel, default).AsTask().GetAwaiter().GetResult().Offset));
        await harness.AppendAsync(LogHarness.Status("evt-1"), LogHarness.Output("a"));

        Assert.That(heads, Is.EqualTo(new (string, long?, long)[] { ("task:task-1", 1, 1), ("tasks", 1, 1), ("task:task-1", 2, 2) }));
    }

    [Test]
    public async Task The_position_of_a_task_that_is_not_in_memory_is_what_is_stored()
    {
        var database = new InMemoryDatabase();
        await using (var before = await LogHarness.StartAsync(database))
        {
            before.Register();
            await before.AppendAsync(LogHarness.Output("a"), LogHarness.Output("b"));
        }

        await using var harness = await LogHarness.StartAsync(database);

        Assert.That((await harness.Log.GetAsync("task:task-1", default)).Offset, Is.EqualTo(2));
    }

    [Test]
    public async Task The_status_of_a_task_is_known_from_memory_else_from_the_store()
    {
        await using var harness = await LogHarness.StartAsync();
        harness.Register();
        Assert.That(await harness.Log.GetStatusAsync("nobody", default), Is.Null);
        Assert.That(await harness.Log.GetStatusAsync(TaskId, default), Is.EqualTo(AgentTaskStatus.Queued));

        await harness.AppendAsync(LogHarness.Status("evt-1", AgentTaskStatus.WaitingInput));
        harness.Store.Away = true;

        Assert.That(await harness.Log.GetStatusAsync(TaskId, default), Is.EqualTo(AgentTaskStatus.WaitingInput));
    }

    [Test]
    public async Task Stopping_stores_what_was_taken_and_takes_nothing_more()
    {
        var harness = await LogHarness.StartAsync();
        await using var disposal = harness;
        harness.Register();
        harness.Store.HoldWrites();
        var stored = new List<Task<AppendReceipt>>();
        foreach (var i in Enumerable.Range(0, 10))
        {
            stored.Add(await harness.TakeAsync(LogHarness.Output($"{i}")));
        }

        var stopping = harness.Log.StopAsync(CancellationToken.None);
        Assert.That(async () => await harness.TakeAsync(LogHarness.Output("too late")), Throws.InstanceOf<OperationCanceledException>());
        harness.Store.LetWritesGo();
        await stopping.InTime();

        Assert.That(stored.All(task => task.IsCompletedSuccessfully), Is.True);
        Assert.That(harness.Stored(), Is.EqualTo(Enumerable.Range(0, 10).Select(i => $"{i}")));
        Assert.That(harness.Metrics.PendingBytes, Is.Zero, "the append that came too late gave its room back");
    }

    [Test]
    public async Task Stopping_ends_when_the_patience_of_the_host_ends()
    {
        var harness = await LogHarness.StartAsync();
        await using var disposal = harness;
        harness.Register();
        harness.Store.HoldWrites();
        var stored = await harness.TakeAsync(LogHarness.Output("a"));
        using var patience = new CancellationTokenSource();

        var stopping = harness.Log.StopAsync(patience.Token);
        Assert.That(stopping.IsCompleted, Is.False);
        await patience.CancelAsync();

        await stopping.InTime();
        Assert.That(stored.IsCompletedSuccessfully, Is.False);
    }

    [Test]
    public async Task More_tasks_than_memory_holds_are_forgotten_and_found_again()
    {
        await using var harness = await LogHarness.StartAsync(options: new TaskLogOptions { MaxTasksInMemory = 100 });
        foreach (var i in Enumerable.Range(0, 150))
        {
            await (await harness.Log.AppendAsync([new LogAppend($"task-{i}", [LogHarness.Output("x", "id-1")])], default)).InTime();
            harness.Time.Advance(TimeSpan.FromMilliseconds(1));
        }

        var receipt = await (await harness.Log.AppendAsync([new LogAppend("task-0", [LogHarness.Output("x", "id-1"), LogHarness.Output("y")])], default)).InTime();

        Assert.That(receipt, Is.EqualTo(new AppendReceipt(1, 1, 3)));
        Assert.That(harness.Store.Asked, Does.Contain(("task-0", "id-1")), "it had been forgotten");
    }

    [Test]
    public async Task A_task_with_rows_that_are_not_stored_is_never_forgotten()
    {
        await using var harness = await LogHarness.StartAsync(options: new TaskLogOptions { MaxTasksInMemory = 100 });
        harness.Store.HoldWrites();
        var stored = new List<Task<AppendReceipt>>();
        foreach (var i in Enumerable.Range(0, 150).Append(0))
        {
            stored.Add(await harness.Log.AppendAsync([new LogAppend($"task-{i}", [LogHarness.Output("x")])], default));
        }

        await harness.Publisher.UntilAsync(frames => frames.Count(frame => frame.Message is TaskOutputMessage) == 151);
        harness.Store.LetWritesGo();
        await Task.WhenAll(stored).InTime();

        Assert.That(harness.StoredOffsets("task-0"), Is.EqualTo(new long[] { 1, 2, 3 }));
    }

    /// <summary>Waits until the log has met the store's absence and lets the pause before its next attempt pass.</summary>
    private static async Task RetryAsync(LogHarness harness, bool storeIsBack = false)
    {
        var longestPause = TimeSpan.FromSeconds(5);
        await harness.Time.WhenSomebodyWaitsAsync(longestPause);
        harness.Store.Away &= !storeIsBack;
        harness.Time.Advance(longestPause);
    }
}
