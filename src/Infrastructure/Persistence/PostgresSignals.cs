using GrooteDashboard.Application.Realtime.Ingest;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>
/// Hears at once what any instance has committed (NOTIFY). It says that there is something to read, never what: whoever missed a signal, because the connection
/// was away, reads all the same when it is back.
/// </summary>
internal sealed partial class PostgresSignals(NpgsqlDataSource source, TimeProvider time, ILogger<PostgresSignals> logger) : BackgroundService
{
    /// <summary>Something was said on the channel of the conversation that is named.</summary>
    public const string Conversations = "dash_conversation";

    /// <summary>There is something in the agent outbox.</summary>
    public const string Agents = "dash_agents";

    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(2);

    /// <summary>Signal and what it names. Handlers only take note.</summary>
    public event Action<string, string>? Heard;

    /// <summary>Signals are heard from now on; before this some may have been missed.</summary>
    public event Action? Listening;

    /// <summary>With the transaction: whoever listens hears it after the commit.</summary>
    public static Task SendAsync(DashboardDbContext db, string signal, string about, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync($"SELECT pg_notify({signal}, {about})", cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                await using var connection = await source.OpenConnectionAsync(stoppingToken);
                connection.Notification += (_, e) => Heard?.Invoke(e.Channel, e.Payload);
                await using (var listen = new NpgsqlCommand($"LISTEN {Conversations}; LISTEN {Agents}", connection))
                {
                    await listen.ExecuteNonQueryAsync(stoppingToken);
                }

                failures = 0;
                Listening?.Invoke();
                await ListenAsync(connection, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                if (failures == 0)
                {
                    LogAway(e.GetType().Name);
                }
            }

            await Task.Delay(Backoff.Delay(failures, FirstRetry, LongestRetry), time, stoppingToken);
        }
    }

    private static async Task ListenAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await connection.WaitAsync(Silence, cancellationToken))
            {
                continue;
            }

            // A connection that died in silence is found out.
            await using var ping = new NpgsqlCommand("SELECT 1", connection);
            await ping.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    [LoggerMessage(LogLevel.Debug, "Signals of PostgreSQL are not heard: {Error}; trying again")]
    private partial void LogAway(string error);
}
