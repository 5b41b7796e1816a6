using System.Text.Json;
using GrooteDashboard.Application.Identity.Contracts;
using GrooteDashboard.Application.Identity.Ports;
using StackExchange.Redis;

namespace GrooteDashboard.Infrastructure.Redis;

/// <summary>Tickets in Redis: issued by one instance, taken by another. Redis forgets them by itself.</summary>
internal sealed class RedisTicketStore(RedisConnection connection) : ITicketStore
{
    private const string KeyPrefix = "dash:ticket:";
    private const int MaxTicketLength = 128;

    public async ValueTask AddAsync(string ticket, Principal principal, TimeSpan lifetime, CancellationToken cancellationToken) =>
        await RunAsync("SET", [KeyPrefix + ticket, JsonSerializer.SerializeToUtf8Bytes(principal), "PX", (long)lifetime.TotalMilliseconds], cancellationToken);

    public async ValueTask<Principal?> TakeAsync(string ticket, CancellationToken cancellationToken)
    {
        if (ticket.Length > MaxTicketLength)
        {
            return null;
        }

        var held = await RunAsync("GETDEL", [KeyPrefix + ticket], cancellationToken);
        return held.IsNull ? null : JsonSerializer.Deserialize<Principal>((byte[])held!);
    }

    private async Task<RedisResult> RunAsync(string command, object[] arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.ExecuteAsync(command, arguments, cancellationToken);
        }
        catch (RedisException e)
        {
            throw new TimeoutException("Redis is away: tickets can neither be kept nor looked up.", e);
        }
    }
}
