using System.Collections.Concurrent;

namespace GrooteDashboard.Testing.Checking;

/// <summary>A fault that was injected.</summary>
/// <param name="At">Since the start of the run.</param>
/// <param name="What">What was done to whom, and for how long.</param>
public sealed record Fault(TimeSpan At, string What);

/// <summary>Hurts the instances, Redis and the connections at random moments, the same ones for the same seed.</summary>
internal sealed class FaultInjector(CheckOptions options, Cluster cluster, IReadOnlyList<WatchingClient> clients, Findings findings)
{
    /// <summary>Of the run: what happens has to have time to show.</summary>
    private const double Begin = 0.1;
    private const double End = 0.9;

    private const int SecondsPerInstanceFault = 8;
    private const int SecondsPerRedisFault = 12;
    private const double CutsPerSecond = 2;

    private readonly ConcurrentQueue<Fault> _faults = [];

    public IReadOnlyList<Fault> Faults => [.. _faults.OrderBy(fault => fault.At)];

    public int Cuts { get; private set; }

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(
        options.Faults.HasFlag(Checking.Faults.Instance)
            ? RunAsync(1, options.Seconds / SecondsPerInstanceFault, HurtInstanceAsync, cancellationToken)
            : Task.CompletedTask,
        options.Faults.HasFlag(Checking.Faults.Redis)
            ? RunAsync(2, options.Seconds / SecondsPerRedisFault, HurtRedisAsync, cancellationToken)
            : Task.CompletedTask,
        options.Faults.HasFlag(Checking.Faults.Clients)
            ? RunAsync(3, (int)(options.Seconds * CutsPerSecond), CutClientAsync, cancellationToken)
            : Task.CompletedTask);

    /// <summary>One fault in each of so many stretches of equal length, at a random moment of it, or after the one before.</summary>
    private async Task RunAsync(int salt, int count, Func<int, Random, CancellationToken, Task> hurt, CancellationToken cancellationToken)
    {
        var random = new Random((options.Seed * 31) + salt);
        count = Math.Max(1, count);
        for (var fault = 0; fault < count; fault++)
        {
            var moment = TimeSpan.FromSeconds(options.Seconds * (Begin + ((End - Begin) * (fault + random.NextDouble()) / count)));
            var wait = moment - findings.Now;
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, cancellationToken);
            }

            await hurt(fault, random, cancellationToken);
        }
    }

    private async Task HurtInstanceAsync(int fault, Random random, CancellationToken cancellationToken)
    {
        var number = random.Next(cluster.Instances.Count);
        var away = TimeSpan.FromMilliseconds(random.Next(200, 2_500));
        Record($"instance {number} killed, started again after {away.TotalSeconds:0.0} s");
        var instance = cluster.Instances[number];
        await instance.KillAsync();
        await Task.Delay(away, cancellationToken);
        await instance.RestartAsync(cancellationToken);
        findings.Trace("fault", "over", $"instance {number} is ready");
    }

    private async Task HurtRedisAsync(int fault, Random random, CancellationToken cancellationToken)
    {
        var away = TimeSpan.FromMilliseconds(random.Next(100, 3_000));
        switch (fault % 3)
        {
            case 0:
                Record($"Redis killed, started again after {away.TotalSeconds:0.0} s");
                await cluster.Redis.KillAsync();
                await Task.Delay(away, cancellationToken);
                await cluster.Redis.StartAsync();
                break;
            case 1:
                Record($"Redis paused for {away.TotalSeconds:0.0} s");
                cluster.Redis.Pause();
                await Task.Delay(away, cancellationToken);
                cluster.Redis.Resume();
                break;
            default:
                Record($"Redis shut down, started again after {away.TotalSeconds:0.0} s");
                await cluster.Redis.ShutDownAsync();
                await Task.Delay(away, cancellationToken);
                await cluster.Redis.StartAsync();
                break;
        }

        findings.Trace("fault", "over", "Redis is back");
    }

    private Task CutClientAsync(int fault, Random random, CancellationToken cancellationToken)
    {
        var first = random.Next(clients.Count);
        var cut = (Cut)(fault % Enum.GetValues<Cut>().Length);
        if (Enumerable.Range(0, clients.Count).Any(i => clients[(first + i) % clients.Count].TryCut(cut)))
        {
            Cuts++;
        }

        return Task.CompletedTask;
    }

    private void Record(string what)
    {
        _faults.Enqueue(new Fault(findings.Now, what));
        findings.Trace("fault", "begins", what);
    }
}
