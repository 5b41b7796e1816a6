using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Infrastructure.Persistence.Readers;
using GrooteDashboard.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace GrooteDashboard.IntegrationTests.Tasks;

/// <summary>One task by its id, asked for by many at once.</summary>
[TestFixture]
internal sealed class TaskLoaderTests : ServerFixture
{
    private const int Tasks = 50;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private TaskLoader Loader => Server.Services.GetRequiredService<TaskLoader>();

    [OneTimeSetUp]
    public async Task SeedTasks()
    {
        for (var i = 0; i < Tasks; i++)
        {
            await RegisterAsync($"load-{i}");
        }
    }

    [Test]
    public async Task Many_who_ask_at_once_each_get_the_task_they_asked_for()
    {
        // Known and unknown ones in turns, each of them several times.
        var ids = Enumerable.Range(0, 600).Select(i => i % 3 == 2 ? $"missing-{i}" : $"load-{i * 7 % Tasks}").ToArray();

        var found = await Task.WhenAll(ids.Select(id => Loader.FindAsync(id, default))).WaitAsync(Patience);

        Assert.That(found.Select(task => task?.Task.TaskId), Is.EqualTo(ids.Select(id => id.StartsWith("load", StringComparison.Ordinal) ? id : null)));
    }

    [Test]
    public async Task Output_is_complete_whether_it_comes_along_or_not()
    {
        // None, one row, as many rows as are joined, one more, and one that is too long to come along.
        string[][] outputs = [[], ["one"], Rows(32), Rows(33), [new string('x', TaskRow.MaxOutputLength), "y"]];
        for (var i = 0; i < outputs.Length; i++)
        {
            await RegisterAsync($"output-{i}");
            if (outputs[i].Length > 0)
            {
                await PostAsync($"/api/tasks/output-{i}/output", new { chunks = outputs[i].Select(output => new { output, kind = "output" }) });
            }
        }

        var tasks = await Task.WhenAll(outputs.Select((_, i) => GetAsync($"/api/tasks/output-{i}")));
        var found = await Task.WhenAll(outputs.Select((_, i) => Loader.FindAsync($"output-{i}", default)));

        Assert.Multiple(() =>
        {
            Assert.That(tasks.Select(task => task.GetProperty("output_stream").GetString()), Is.EqualTo(outputs.Select(rows => string.Concat(rows))));
            Assert.That(tasks.Select(task => task.GetProperty("output_truncated").GetBoolean()), Is.All.False);
            Assert.That(found.Select(task => task!.Output is not null), Is.EqualTo(new[] { true, true, true, false, false }), "came along");
        });

        static string[] Rows(int count) => [.. Enumerable.Range(1, count).Select(i => $"row {i}\n")];
    }

    [Test]
    public async Task A_statement_that_fails_fails_for_those_whose_tasks_it_reads_and_for_nobody_else()
    {
        Task<FoundTask?>[] first, later;
        await using (await LockTasksAsync())
        {
            first = await OccupyReadersAsync();
            later = [.. Enumerable.Range(0, Tasks).Select(i => Loader.FindAsync($"load-{i}", default))];
            await Database.QueryAsync<bool>($"SELECT bool_and(pg_terminate_backend(pid)) FROM ({WaitingForTasks}) AS waiting");
            foreach (var failed in first)
            {
                Assert.That(async () => await failed.WaitAsync(Patience), Throws.InstanceOf<NpgsqlException>());
            }
        }

        var found = await Task.WhenAll(later).WaitAsync(Patience);
        Assert.That(found.Select(task => task?.Task.TaskId), Is.EqualTo(Enumerable.Range(0, Tasks).Select(i => $"load-{i}")));
    }

    [Test]
    public async Task Who_gives_up_waits_no_longer_and_holds_nobody_up()
    {
        Task<FoundTask?>[] first;
        Task<FoundTask?> patient;
        await using (await LockTasksAsync())
        {
            using var impatience = new CancellationTokenSource();
            first = await OccupyReadersAsync();
            var given = Loader.FindAsync("load-1", impatience.Token);
            patient = Loader.FindAsync("load-2", default);
            await impatience.CancelAsync();
            Assert.That(async () => await given.WaitAsync(Patience), Throws.InstanceOf<OperationCanceledException>());
            Assert.That(patient.IsCompleted, Is.False);
        }

        Assert.That((await patient.WaitAsync(Patience))?.Task.TaskId, Is.EqualTo("load-2"));
        await Task.WhenAll(first).WaitAsync(Patience);
    }

    [Test]
    public async Task More_than_may_wait_are_refused_at_once()
    {
        Task<FoundTask?>[] first, waiting;
        await using (await LockTasksAsync())
        {
            first = await OccupyReadersAsync();
            waiting = [.. Enumerable.Range(0, TaskLoader.MaxWaiting).Select(_ => Loader.FindAsync("load-3", default))];
            Assert.That(() => Loader.FindAsync("load-4", default), Throws.InstanceOf<TimeoutException>());
        }

        var found = await Task.WhenAll([.. first, .. waiting]).WaitAsync(Patience);
        Assert.That(found.Skip(first.Length).Select(task => task?.Task.TaskId), Is.All.EqualTo("load-3"));
    }

    private const string WaitingForTasks =
        "SELECT DISTINCT pid FROM pg_locks WHERE NOT granted AND relation = 'tasks'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

    /// <summary>Nobody reads a task until it is disposed of.</summary>
    private async Task<IAsyncDisposable> LockTasksAsync()
    {
        var source = NpgsqlDataSource.Create(Database.ConnectionString);
        var connection = await source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand("BEGIN; LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE", connection);
        await command.ExecuteNonQueryAsync();
        // Closing the connection ends the transaction.
        return new Held(source, connection);
    }

    /// <summary>Each reader has one task to read, and waits.</summary>
    private async Task<Task<FoundTask?>[]> OccupyReadersAsync()
    {
        var asked = Enumerable.Range(0, TaskLoader.MaxReaders).Select(i => Loader.FindAsync($"load-{i}", default)).ToArray();
        await Probe.Until(
            async () => await Database.QueryAsync<long>($"SELECT count(*) FROM ({WaitingForTasks} AND pid IN (SELECT pid FROM pg_stat_activity WHERE query LIKE '%AS asked%')) AS readers")
                == TaskLoader.MaxReaders,
            "the readers wait");
        return asked;
    }

    private sealed class Held(NpgsqlDataSource source, NpgsqlConnection connection) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await connection.DisposeAsync();
            await source.DisposeAsync();
        }
    }
}
