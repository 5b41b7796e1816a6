using GrooteDashboard.Infrastructure;
using GrooteDashboard.Infrastructure.Persistence;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace GrooteDashboard.Performance.Measuring;

/// <summary>An empty database for a run, on the PostgreSQL of <c>DATABASE_URL</c>; it is dropped at the end. Or one that is kept from run to run.</summary>
internal sealed class PerformanceDatabase : IAsyncDisposable
{
    private static int _created;

    private readonly NpgsqlDataSource _server;
    private readonly string _name;
    private readonly bool _kept;

    private PerformanceDatabase(NpgsqlDataSource server, string serverConnection, string? kept)
    {
        (_server, _kept) = (server, kept is not null);
        _name = kept ?? $"dash_performance_{Environment.ProcessId}_{Interlocked.Increment(ref _created)}";
        ConnectionString = new NpgsqlConnectionStringBuilder(serverConnection) { Database = _name }.ConnectionString;
        Source = NpgsqlDataSource.Create(ConnectionString);
    }

    public string ConnectionString { get; }

    public NpgsqlDataSource Source { get; }

    public static async Task<PerformanceDatabase> CreateAsync(CancellationToken cancellationToken, string? kept = null)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        if (configuration["DATABASE_URL"] is null or "" && configuration.GetConnectionString("Postgres") is null or "")
        {
            throw new ConfigurationException(
                "DATABASE_URL is not set. Start ./run --no-demo in another terminal, then: set -a; . .data/run.env; set +a");
        }

        // What is measured may take longer than a request of the server.
        var connection = new NpgsqlConnectionStringBuilder(PostgresConnectionString.From(configuration)) { CommandTimeout = 300 };
        var database = new PerformanceDatabase(NpgsqlDataSource.Create(connection), connection.ConnectionString, kept);
        await using var find = database._server.CreateCommand("SELECT count(*) FROM pg_database WHERE datname = $1");
        find.Parameters.AddWithValue(database._name);
        if ((long)(await find.ExecuteScalarAsync(cancellationToken))! == 0)
        {
            await using var command = database._server.CreateCommand($"CREATE DATABASE {database._name}");
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        return database;
    }

    public async Task<T> QueryAsync<T>(string sql, CancellationToken cancellationToken, params object[] arguments)
    {
        await using var command = Source.CreateCommand(sql);
        foreach (var argument in arguments)
        {
            command.Parameters.AddWithValue(argument);
        }

        return (T)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        if (!_kept)
        {
            await using var command = _server.CreateCommand($"DROP DATABASE IF EXISTS {_name} WITH (FORCE)");
            await command.ExecuteNonQueryAsync();
        }

        await _server.DisposeAsync();
    }
}
