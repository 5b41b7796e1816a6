using GrooteDashboard.Application.Realtime.Ports;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>
/// An advisory lock that a session of PostgreSQL holds: it ends with the process, so that another one can take over at once.
/// While PostgreSQL is away nobody can take the lease, so it counts as held until another process is seen to hold it.
/// </summary>
internal sealed partial class PostgresLease(
    long key, string work, NpgsqlDataSource source, TimeProvider time, ILogger<PostgresLease> logger) : IIngestLease
{
    /// <summary>For what the producers send. Any numbers, the same in every process.</summary>
    public const long IngestKey = 0x67726f6f7465_01;

    /// <summary>For storing what was appended to the log.</summary>
    public const long LogWriterKey = 0x67726f6f7465_02;

    /// <summary>For telling the agent engine what it is to do.</summary>
    public const long AgentsKey = 0x67726f6f7465_03;

    /// <summary>For folding what changed into the rollups.</summary>
    public const long RollupsKey = 0x67726f6f7465_0c;

    /// <summary>For making the log searchable.</summary>
    public const long SearchKey = 0x67726f6f7465_05;

    /// <summary>For looking after the budgets.</summary>
    public const long BudgetsKey = 0x67726f6f7465_06;

    /// <summary>How often it is tried: a lease of a process that died is taken over within so long.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);

    /// <summary>How often PostgreSQL is asked whether the session lives, where it says nothing: an end that it tells of is known at once.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    private readonly TimeProvider _time = time;

    public async Task<IHeldIngestLease> AcquireAsync(CancellationToken cancellationToken)
    {
        var waiting = false;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                if (await TryLockAsync(cancellationToken) is { } connection)
                {
                    LogAcquired(work);
                    return new Held(this, connection);
                }

                if (!waiting)
                {
                    LogWaiting(work);
                }

                waiting = true;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException)
            {
                // Away; the health of PostgreSQL says so.
            }

            await Task.Delay(Interval, _time, cancellationToken);
        }
    }

    private async Task<NpgsqlConnection?> TryLockAsync(CancellationToken cancellationToken)
    {
        var connection = await source.OpenConnectionAsync(cancellationToken);
        try
        {
            await using var command = new NpgsqlCommand("SELECT pg_try_advisory_lock($1)", connection);
            command.Parameters.AddWithValue(key);
            if (await command.ExecuteScalarAsync(cancellationToken) is true)
            {
                return connection;
            }
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        await connection.DisposeAsync();
        return null;
    }

    [LoggerMessage(LogLevel.Information, "This process holds the lease to {Work}")]
    private partial void LogAcquired(string work);

    [LoggerMessage(LogLevel.Information, "Another process holds the lease to {Work}; waiting to take over")]
    private partial void LogWaiting(string work);

    private sealed class Held : IHeldIngestLease
    {
        private readonly PostgresLease _lease;
        private readonly CancellationTokenSource _lost = new();
        private readonly CancellationTokenSource _released = new();
        private readonly Task _watching;
        private NpgsqlConnection? _connection;

        public Held(PostgresLease lease, NpgsqlConnection connection)
        {
            _lease = lease;
            _connection = connection;
            Lost = _lost.Token;
            _watching = Task.Run(WatchAsync);
        }

        public CancellationToken Lost { get; }

        public async ValueTask DisposeAsync()
        {
            await _released.CancelAsync();
            await _watching;
            await ReleaseAsync();
            _released.Dispose();
            _lost.Dispose();
        }

        private async Task WatchAsync()
        {
            try
            {
                while (true)
                {
                    if (_connection is { } connection)
                    {
                        await WatchAsync(connection, _released.Token);
                    }
                    else if (!await RegainAsync(_released.Token))
                    {
                        await _lost.CancelAsync();
                        return;
                    }
                }
            }
            catch (OperationCanceledException) when (_released.IsCancellationRequested)
            {
                // Given back.
            }
        }

        /// <summary>Ends with the session. It waits for what PostgreSQL may say, which costs nothing as long as it says nothing.</summary>
        private async Task WatchAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
        {
            try
            {
                while (true)
                {
                    if (!await connection.WaitAsync(Silence, cancellationToken))
                    {
                        // A session that died in silence is found out.
                        await using var command = new NpgsqlCommand("SELECT 1", connection);
                        await command.ExecuteScalarAsync(cancellationToken);
                    }
                }
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or InvalidOperationException)
            {
                await ReleaseAsync();
            }
        }

        /// <summary>False only when another process holds it.</summary>
        private async Task<bool> RegainAsync(CancellationToken cancellationToken)
        {
            try
            {
                _connection = await _lease.TryLockAsync(cancellationToken);
                return _connection is not null;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or InvalidOperationException)
            {
                await Task.Delay(Interval, _lease._time, cancellationToken);
                return true;
            }
        }

        private async Task ReleaseAsync()
        {
            if (Interlocked.Exchange(ref _connection, null) is not { } connection)
            {
                return;
            }

            try
            {
                await using var command = new NpgsqlCommand("SELECT pg_advisory_unlock_all()", connection);
                await command.ExecuteNonQueryAsync();
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or InvalidOperationException)
            {
                // The session is gone, and its locks with it.
            }

            await connection.DisposeAsync();
        }
    }
}
