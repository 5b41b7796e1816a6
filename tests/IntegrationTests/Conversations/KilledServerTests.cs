using System.Net.Http.Json;
using System.Text.Json;
using GrooteDashboard.Testing;
using Npgsql;

namespace GrooteDashboard.IntegrationTests.Conversations;

/// <summary>The server is killed at any point of a chat message: there is nothing of it, or its task reaches the agents' queue after a restart, once.</summary>
[TestFixture]
internal sealed class KilledServerTests
{
    /// <summary>What a statement waits for: the lock that the test holds.</summary>
    private const long Gate = 4711;

    private TestDatabase _database = null!;
    private RedisServer _redis = null!;
    private DashboardProcess _server = null!;

    [SetUp]
    public async Task Start()
    {
        _database = await TestDatabase.CreateAsync();
        _redis = await RedisServer.StartNewAsync();
        _server = await DashboardProcess.StartAsync(_database, _redis);
    }

    [TearDown]
    public async Task Stop()
    {
        await _server.DisposeAsync();
        await _redis.DisposeAsync();
        await _database.DisposeAsync();
    }

    [TestCase("sessions")]
    [TestCase("tasks")]
    [TestCase("conversation_messages")]
    [TestCase("conversation_log")]
    [TestCase("agent_outbox")]
    public async Task Killed_in_the_middle_of_the_transaction_it_leaves_nothing(string table)
    {
        await using (await HoldAsync(table, "INSERT"))
        {
            var chatting = SendAsync();
            await UntilHeldAsync();
            await _server.KillAsync();
            Assert.That(async () => await chatting, Throws.InstanceOf<HttpRequestException>());
        }

        await RestartAsync();
        // One more, which is delivered, shows that the relay is at work and that there is nothing before it.
        var taskId = await SendAsync();
        await Probe.Until(async () => await LengthAsync() > 0, "the queue holds what was said after the restart");

        Assert.That(await TasksAsync(), Is.EqualTo(new[] { taskId }));
        Assert.That(await QueuedAsync(), Is.EqualTo(new[] { taskId }));
        Assert.That(await _database.QueryAsync<long>("SELECT count(*) FROM conversations"), Is.EqualTo(1));
        Assert.That(await _database.QueryAsync<long>("SELECT count(*) FROM conversation_messages"), Is.EqualTo(1));
    }

    [Test]
    public async Task Killed_between_the_commit_and_the_queue_it_delivers_after_the_restart()
    {
        // Redis takes nothing: what is answered waits in the outbox.
        _redis.Pause();
        var taskId = await SendAsync();
        await _server.KillAsync();
        _redis.Resume();

        await RestartAsync();

        await UntilDeliveredAsync();
        Assert.That(await QueuedAsync(), Is.EqualTo(new[] { taskId }));
    }

    [Test]
    public async Task Killed_between_the_queue_and_the_outbox_it_delivers_nothing_twice()
    {
        string taskId;
        await using (await HoldAsync("agent_outbox", "DELETE"))
        {
            taskId = await SendAsync();
            await UntilHeldAsync();
            Assert.That(await LengthAsync(), Is.EqualTo(1));
            await _server.KillAsync();
            // PostgreSQL would end the statement without its client.
            await _database.QueryAsync<long>(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'");
        }

        await RestartAsync();

        await UntilDeliveredAsync();
        Assert.That(await QueuedAsync(), Is.EqualTo(new[] { taskId }));
    }

    [Test]
    public async Task Killed_while_many_speak_it_keeps_every_promise()
    {
        var promised = new List<string>();
        var speaking = Enumerable.Range(0, 4).Select(async _ =>
        {
            try
            {
                while (true)
                {
                    var taskId = await SendAsync();
                    lock (promised)
                    {
                        promised.Add(taskId);
                    }
                }
            }
            catch (HttpRequestException)
            {
                // Killed.
            }
        }).ToList();
        await Probe.Until(() => promised.Count > 30, "many have spoken");
        await _server.KillAsync();
        await Task.WhenAll(speaking);

        await RestartAsync();

        await UntilDeliveredAsync();
        var queued = await QueuedAsync();
        Assert.That(queued, Is.EquivalentTo(await TasksAsync()), "each task is in the queue, once");
        Assert.That(queued, Is.SupersetOf(promised));
    }

    private async Task<string> SendAsync()
    {
        using var response = await _server.Http.PostAsJsonAsync("/api/chat?session_id=s", new { message = "hello" });
        var answer = JsonElement.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync());
        return answer.GetProperty("data").Text("task_id")!;
    }

    private async Task RestartAsync() => _server = await DashboardProcess.StartAsync(_database, _redis);

    /// <summary>Statements of this kind wait until what is returned is disposed of.</summary>
    private async Task<NpgsqlConnection> HoldAsync(string table, string statement)
    {
        var gate = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Pooling = false }.ConnectionString);
        await gate.OpenAsync();
        await using var hold = new NpgsqlCommand(
            $"""
            SELECT pg_advisory_lock({Gate});
            CREATE OR REPLACE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_advisory_xact_lock({Gate}); RETURN coalesce(NEW, OLD); END';
            CREATE TRIGGER gate BEFORE {statement} ON {table} FOR EACH ROW EXECUTE FUNCTION wait_at_gate();
            """,
            gate);
        await hold.ExecuteNonQueryAsync();
        return gate;
    }

    private Task UntilHeldAsync() => Probe.Until(
        async () => await _database.QueryAsync<long>("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") > 0,
        "a statement waits at the gate");

    private Task UntilDeliveredAsync() => Probe.Until(
        async () => await _database.QueryAsync<long>("SELECT count(*) FROM agent_outbox") == 0, "everything is delivered");

    private async Task<string[]> TasksAsync() => await _database.QueryAsync<string[]>("SELECT coalesce(array_agg(task_id), '{}') FROM tasks");

    private async Task<long> LengthAsync() => long.Parse((await _redis.CommandAsync("LLEN", "agent:tasks"))[1..], global::System.Globalization.CultureInfo.InvariantCulture);

    private async Task<string[]> QueuedAsync()
    {
        await using var producer = await Redis.Producer.ConnectAsync(_redis);
        return [.. (await producer.ListAsync("agent:tasks")).Select(item => JsonElement.Parse(item).Text("task_id")!)];
    }
}
