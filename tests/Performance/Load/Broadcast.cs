using System.Diagnostics;
using GrooteDashboard.Performance.Measuring;
using GrooteDashboard.Testing;

namespace GrooteDashboard.Performance.Load;

/// <param name="Task">The task whose output is published.</param>
/// <param name="Subscribers">Clients that watch it.</param>
/// <param name="Rate">Messages per second.</param>
/// <param name="Seconds">For so long.</param>
/// <param name="Size">Characters of text in a message.</param>
internal sealed record BroadcastLoad(string Task, int Subscribers, int Rate, int Seconds, int Size)
{
    public int Messages => Rate * Seconds;

    public int Expected => Messages * Subscribers;
}

/// <summary>What came of it. Messages out of order came twice or before their predecessor: there are none, or the server is wrong.</summary>
internal sealed record BroadcastResult(
    double PublishedPerSecond, double P50Ms, double P99Ms, double MaxMs, int Delivered, int OutOfOrder, double ServerCpuSeconds);

/// <summary>From <c>PUBLISH task:{id}:output</c> to the WebSocket clients that have read the frame.</summary>
internal static class Broadcast
{
    /// <summary>What has not come for so long after the last arrival does not come any more.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(5);

    public static async Task<BroadcastResult> MeasureAsync(Target target, BroadcastLoad load, CancellationToken cancellationToken)
    {
        using var audience = await Audience.GatherAsync(target, $"task:{load.Task}", load.Subscribers, load.Expected);
        using var producer = new RedisProducer(target.Redis.Port);
        await Probe.Until(
            () =>
            {
                // The task is known, the way is open: neither is part of the figures.
                Publish(producer, load, 0);
                return audience.IsPrimed;
            },
            "every client receives what is published");

        var before = target.Server.Usage.CpuSeconds;
        var publishing = Stopwatch.StartNew();
        await Task.Factory.StartNew(
            () => PublishAll(producer, load, cancellationToken),
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        var publishedPerSecond = load.Messages / publishing.Elapsed.TotalSeconds;
        await UntilReceivedAsync(audience, load.Expected, cancellationToken);
        var cpu = target.Server.Usage.CpuSeconds - before;

        var latencies = audience.SortedMicroseconds();
        return new BroadcastResult(
            publishedPerSecond,
            latencies.Percentile(0.5) / 1_000.0,
            latencies.Percentile(0.99) / 1_000.0,
            latencies.Percentile(1) / 1_000.0,
            latencies.Length,
            audience.OutOfOrder,
            cpu);
    }

    /// <summary>Publishes evenly: after a pause that took too long, what is due by then.</summary>
    private static void PublishAll(RedisProducer producer, BroadcastLoad load, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        for (var number = 1; number <= load.Messages; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            while (clock.Elapsed.TotalSeconds * load.Rate < number - 1)
            {
                Thread.Sleep(1);
            }

            Publish(producer, load, number);
        }

        producer.Complete();
    }

    private static void Publish(RedisProducer producer, BroadcastLoad load, int number)
    {
        producer.Add("PUBLISH", $"task:{load.Task}:output", $$"""{"output":"{{Stamp.Now(number).ToText(load.Size)}}"}""");
        producer.Send();
    }

    private static async Task UntilReceivedAsync(Audience audience, int expected, CancellationToken cancellationToken)
    {
        var quiet = Stopwatch.StartNew();
        for (var last = -1; last < expected && quiet.Elapsed < Patience;)
        {
            if (audience.Received is var received && received != last)
            {
                last = received;
                quiet.Restart();
            }

            await Task.Delay(ProbeInterval, cancellationToken);
        }
    }
}
