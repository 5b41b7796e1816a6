using System.Diagnostics;
using GrooteDashboard.Testing;
using Npgsql;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>Whoever follows the output as text gets all of it, and holds nobody up.</summary>
[TestFixture]
internal sealed class FollowTests : ServerFixture
{
    [Test]
    public async Task Following_ends_only_when_what_came_before_the_end_is_readable()
    {
        var id = NewTaskId("follow");
        await PublishAsync($"task:{id}:output", "first\n");
        await Probe.Until(async () => (await ReadOutputAsync(id)).Length == 1, "the first line is stored");
        var following = Http.GetStringAsync($"/api/tasks/{id}/output.txt?follow=1");

        // The store is slow: the log waits, the task itself is already final.
        await using (var slow = new NpgsqlConnection(Database.ConnectionString))
        {
            await slow.OpenAsync();
            await using var transaction = await slow.BeginTransactionAsync();
            await using (var hold = new NpgsqlCommand("LOCK TABLE task_log IN EXCLUSIVE MODE", slow))
            {
                await hold.ExecuteNonQueryAsync();
            }

            await PublishAsync($"task:{id}:output", "last\n");
            await PublishAsync($"task:{id}:status", """{"status":"completed"}""");
            await Probe.Until(async () => await StatusOfAsync(id) == "completed", "the task is final");
            // The follower asks at least once a second.
            await Task.WhenAny(following, Task.Delay(TimeSpan.FromSeconds(2)));
            await transaction.RollbackAsync();
        }

        Assert.That(await following, Is.EqualTo("first\nlast\n"));
    }

    [Test]
    public async Task A_stopping_server_does_not_wait_for_followers()
    {
        await using var server = await DashboardServer.StartAsync(Database);
        var id = NewTaskId("stop");
        using (var content = new StringContent("x\n"))
        {
            (await server.Http.PostAsync($"/api/tasks/{id}/output", content)).EnsureSuccessStatusCode();
        }

        using var client = new HttpClient();
        await using var text = await client.GetStreamAsync(new Uri(server.Address, $"/api/tasks/{id}/output.txt?follow=1"));
        Assert.That(await text.ReadAtLeastAsync(new byte[2], 2), Is.EqualTo(2));
        var clock = Stopwatch.StartNew();
        await server.DisposeAsync();

        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(10)));
        Assert.That(async () => await text.ReadAsync(new byte[1]), Throws.InstanceOf<Exception>(), "the text is cut off, not at its end");
    }
}
