using System.Diagnostics;

namespace GrooteDashboard.Testing.Checking;

/// <summary>Some instances on one PostgreSQL and one Redis, all of which can be hurt.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    /// <summary>One attempt may take so long; then another instance is asked.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly List<ServerProcess> _instances = [];

    private Cluster(RedisServer redis) => Redis = redis;

    public RedisServer Redis { get; }

    public IReadOnlyList<ServerProcess> Instances => _instances;

    public static async Task<Cluster> StartAsync(int instances, string postgres, DirectoryInfo server, CancellationToken cancellationToken)
    {
        var cluster = new Cluster(await RedisServer.StartNewAsync());
        try
        {
            // The first one migrates; the others start side by side.
            cluster._instances.Add(await StartInstanceAsync(cluster.Redis, postgres, server, cancellationToken));
            cluster._instances.AddRange(await Task.WhenAll(
                Enumerable.Range(1, instances - 1).Select(_ => StartInstanceAsync(cluster.Redis, postgres, server, cancellationToken))));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends a request to one instance after the other, beginning with this one, until one answers with success.</summary>
    /// <param name="first">Number of the instance, modulo their count.</param>
    /// <param name="request">Makes the request anew.</param>
    /// <param name="deadline">When to give up altogether.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<string> SendAsync(int first, Func<HttpRequestMessage> request, TimeSpan deadline, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        for (var attempt = 0; ; attempt++)
        {
            var (text, refusal) = await TrySendAsync(_instances[(first + attempt) % _instances.Count], request, cancellationToken);
            if (text is not null)
            {
                return text;
            }

            if (clock.Elapsed > deadline)
            {
                throw new TimeoutException($"No instance answered within {deadline.TotalSeconds} s: {refusal}");
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_instances.Select(instance => instance.DisposeAsync().AsTask()));
        await Redis.DisposeAsync();
    }

    private static async Task<(string? Text, string? Refusal)> TrySendAsync(
        ServerProcess instance, Func<HttpRequestMessage> request, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            using var message = request();
            using var answer = await instance.Http.SendAsync(message, patience.Token);
            var text = await answer.Content.ReadAsStringAsync(patience.Token);
            return answer.IsSuccessStatusCode ? (text, null) : (null, $"{(int)answer.StatusCode} {text}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return (null, e.Message);
        }
    }

    private static Task<ServerProcess> StartInstanceAsync(
        RedisServer redis, string postgres, DirectoryInfo server, CancellationToken cancellationToken) =>
        ServerProcess.StartDashboardAsync(server, postgres, redis.ConnectionString, cancellationToken);
}
