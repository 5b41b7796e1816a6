using System.Text.Json;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>A channel whose history was lost while clients watched it.</summary>
internal sealed class ChannelResetTests
{
    private static readonly ChannelPosition Anew = new("e2", 60);

    [Test]
    public async Task Who_watches_is_told_where_the_channel_stands_and_what_cannot_be_trusted_and_goes_on()
    {
        await using var host = await HubHost.StartAsync();
        host.SetHead("task:1", 100);
        await using var client = await host.JoinAsync();
        await client.SubscribeAsync("task:1");

        host.Hub.ChannelReset("task:1", Anew);
        host.Publish("task:1", 61, new SystemMessage("live", ""));

        await AssertToldAsync(client);
        Assert.That((await client.ReceiveAsync("system")).Offset(), Is.EqualTo(61));
        Assert.That(host.Metrics["realtime.gaps:history_lost"], Is.EqualTo(1));
        await using var later = await host.JoinAsync();
        Assert.That((await later.SubscribeAsync("task:1")).GetRawText(), Is.EqualTo("""{"type":"subscribed","channel":"task:1","epoch":"e2","offset":61}"""));
    }

    [Test]
    public async Task Others_are_told_nothing()
    {
        await using var host = await HubHost.StartAsync();
        await using var client = await host.JoinAsync();
        await client.SubscribeAsync("task:2");

        host.Hub.ChannelReset("task:1", Anew);

        await client.SendTextAsync("ping");
        await client.ReceiveAsync("pong");
    }

    [Test]
    public async Task A_catch_up_of_the_lost_history_has_nothing_more_to_say_though_its_client_is_behind_again()
    {
        await using var host = await HubHost.StartAsync();
        for (var i = 0; i < 100; i++)
        {
            host.PublishOutput("1", "of the lost history");
        }

        var reading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.WhileReadingHistory = (_, _) =>
        {
            host.WhileReadingHistory = (_, cancellation) => Task.Delay(Timeout.Infinite, cancellation);
            reading.SetResult();
            return lost.Task;
        };
        await using var client = await host.JoinAsync();
        await client.SendAsync(PipeClient.Subscribe("task:1", 0));
        await client.ReceiveAsync("subscribed");
        await reading.Task.WaitAsync(Probe.Deadline);

        host.Hub.ChannelReset("task:1", Anew);
        host.Publish("task:1", 62, new SystemMessage("after a hole", ""));
        await AssertToldAsync(client);
        lost.SetResult();

        await Probe.Until(() => host.Metrics["realtime.catch_ups.finished"] == 1);
        await client.SendTextAsync("ping");
        await client.ReceiveAsync("pong");
    }

    [Test]
    public async Task A_position_that_was_asked_for_before_the_reset_is_void()
    {
        await using var host = await HubHost.StartAsync();
        host.SetHead("task:1", 100);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.WhileReadingPosition = () =>
        {
            asked.SetResult();
            return answer.Task;
        };
        await using var client = await host.JoinAsync();
        var subscribing = client.SubscribeAsync("task:1");
        await asked.Task.WaitAsync(Probe.Deadline);

        host.Hub.ChannelReset("task:1", Anew);
        answer.SetResult();

        Assert.That((await subscribing).GetRawText(), Is.EqualTo("""{"type":"subscribed","channel":"task:1","epoch":"e2","offset":60}"""));
    }

    private static async Task AssertToldAsync(WsClient client)
    {
        List<JsonElement> told = [await client.ReceiveAsync(), await client.ReceiveAsync()];
        Assert.That(told.Select(frame => frame.GetRawText()), Is.EqualTo([
            """{"type":"subscribed","channel":"task:1","epoch":"e2","offset":60,"recovered":false}""",
            """{"type":"gap","channel":"task:1","from":1,"to":60,"reason":"history_lost","fill":"/api/tasks/1/log?after=0&limit=60"}"""]));
    }
}
