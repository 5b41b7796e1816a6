using System.Net;
using System.Net.Sockets;
using GrooteDashboard.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace GrooteDashboard.IntegrationTests.System;

/// <summary>What a server meets when it starts.</summary>
[TestFixture]
internal sealed class StartTests
{
    [Test]
    public async Task No_task_of_a_user_keeps_a_server_from_starting()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using (var first = await DashboardServer.StartAsync(database))
        {
            using var content = new StringContent("x");
            (await first.Http.PostAsync("/api/tasks/warm-up/output", content)).EnsureSuccessStatusCode();
        }

        await using var second = await DashboardServer.StartAsync(database);
    }

    [Test]
    public async Task Redis_that_takes_its_time_at_first_counts_as_up_when_it_answers()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var redis = await RedisServer.StartNewAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var released = new TaskCompletionSource();
        var relaying = RelayAsync(listener, redis.Port, released.Task);
        await using var server = await DashboardServer.StartWithoutWaitingAsync(
            database.ConnectionString, $"redis://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        var health = server.Services.GetServices<GrooteDashboard.Application.System.Ports.IComponentHealth>().Single(part => part.Name == "redis");
        var asked = health.Current.Since;
        // The client has given up waiting for its first connection, the one for commands; the one for pub/sub is there.
        await Probe.Until(() => health.Current.Since != asked);
        Assert.That(health.Current.Status, Is.EqualTo("down"));

        released.SetResult();

        await Probe.Until(() => health.Current.Status == "up");
        listener.Stop();
        await relaying;
    }

    /// <summary>Relays to Redis; its answers on the first connection wait.</summary>
    private static async Task RelayAsync(TcpListener listener, int port, Task released)
    {
        for (var first = true; ; first = false)
        {
            TcpClient client;
            try
            {
                client = await listener.AcceptTcpClientAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            var redis = new TcpClient();
            await redis.ConnectAsync(IPAddress.Loopback, port);
            _ = CopyAsync(client, redis, Task.CompletedTask);
            _ = CopyAsync(redis, client, first ? released : Task.CompletedTask);
        }
    }

    private static async Task CopyAsync(TcpClient from, TcpClient to, Task released)
    {
        await released;
        try
        {
            await from.GetStream().CopyToAsync(to.GetStream());
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // One side is gone.
        }

        from.Dispose();
        to.Dispose();
    }
}
