using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Tasks.Ports;
using StackExchange.Redis;

namespace GrooteDashboard.Infrastructure.Redis;

/// <summary>The length of the list <c>agent:tasks</c>, asked for once a second however many want to know.</summary>
internal sealed class RedisAgentQueue(RedisConnection connection, TimeProvider time) : IAgentQueue
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Task<long?> _length = Task.FromResult<long?>(null);
    private long? _asked;

    public async ValueTask<long?> GetLengthAsync(CancellationToken cancellationToken)
    {
        Task<long?> length;
        lock (_lock)
        {
            if (_asked is not { } asked || (_length.IsCompleted && time.GetElapsedTime(asked) >= Fresh))
            {
                _asked = time.GetTimestamp();
                // Not with the caller's token: others wait for the same answer.
                _length = AskAsync();
            }

            length = _length;
        }

        return await length.WaitAsync(cancellationToken);
    }

    private async Task<long?> AskAsync()
    {
        if (!connection.IsUp)
        {
            return null;
        }

        try
        {
            return (long)await connection.ExecuteAsync("LLEN", [ProducerChannels.AgentQueue], CancellationToken.None);
        }
        catch (Exception e) when (e is RedisException or TimeoutException or ObjectDisposedException)
        {
            return null;
        }
    }
}
