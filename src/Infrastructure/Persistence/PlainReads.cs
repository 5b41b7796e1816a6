using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>
/// Connections for what is asked most and leaves nothing behind in its session: prepared statements that only read. PostgreSQL is not asked to forget what the
/// last one did, six statements before each use.
/// </summary>
internal static class PlainReads
{
    /// <summary>The key under which the pool is registered.</summary>
    public const string Pool = "plain-reads";

    /// <summary>Answers come in fractions of a millisecond: more connections would only keep PostgreSQL's cores from working.</summary>
    private const int MaxPoolSize = 16;

    public static NpgsqlDataSource Create(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString) { NoResetOnClose = true };
        builder.MaxPoolSize = Math.Min(builder.MaxPoolSize, MaxPoolSize);
        builder.MinPoolSize = Math.Min(builder.MinPoolSize, builder.MaxPoolSize);
        return new NpgsqlDataSourceBuilder(builder.ConnectionString).Build();
    }
}
