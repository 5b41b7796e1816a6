using GrooteDashboard.Infrastructure.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace GrooteDashboard.Testing;

/// <summary>
/// A database of its own for a test: cloned from a template that is migrated once, which takes some hundredths of a second.
/// PostgreSQL is the one of DATABASE_URL; its role may create databases.
/// </summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private static readonly Lazy<string> Server = new(() => PostgresConnectionString.From(
        new ConfigurationBuilder().AddEnvironmentVariables().Build()));

    private static readonly Lazy<Task<string>> Template = new(CreateTemplateAsync);

    private static int _created;

    private TestDatabase(string name)
    {
        Name = name;
        ConnectionString = For(name);
    }

    public string Name { get; }

    public string ConnectionString { get; }

    public static async Task<TestDatabase> CreateAsync()
    {
        var template = await Template.Value;
        var name = $"{template}_{Interlocked.Increment(ref _created)}";
        await ExecuteAsync($"CREATE DATABASE {name} TEMPLATE {template}");
        return new TestDatabase(name);
    }

    /// <summary>Drops the template when all tests are done.</summary>
    public static async Task DropTemplateAsync()
    {
        if (Template.IsValueCreated)
        {
            await DropAsync(await Template.Value);
        }
    }

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        await using (var connection = new NpgsqlConnection(ConnectionString))
        {
            NpgsqlConnection.ClearPool(connection);
        }

        await DropAsync(Name);
    }

    private static async Task<string> CreateTemplateAsync()
    {
        var name = $"dash_test_{Environment.ProcessId}";
        await DropAsync(name);
        await ExecuteAsync($"CREATE DATABASE {name}");
        var options = new DbContextOptionsBuilder<DashboardDbContext>().UseNpgsql(For(name, pooling: false))
            .ConfigureWarnings(warnings => warnings.Ignore(Microsoft.EntityFrameworkCore.Diagnostics.RelationalEventId.PendingModelChangesWarning));
        await using var db = new DashboardDbContext(options.Options);
        await db.Database.MigrateAsync();
        return name;
    }

    private static string For(string database, bool pooling = true) =>
        new NpgsqlConnectionStringBuilder(Server.Value) { Database = database, Pooling = pooling, MaxPoolSize = 20 }.ConnectionString;

    private static Task DropAsync(string name) => ExecuteAsync($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");

    private static async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Server.Value) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
