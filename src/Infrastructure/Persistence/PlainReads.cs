using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>
/// Connections for what is asked most and leaves nothing behind in its session: prepared statements that only read. PostgreSQL is not asked to forget what the
/// last one did, six statements before each use, and plans each of them once, whatever its values, unless told to <see cref="PlanForTheValues"/>.
/// </summary>
internal static class PlainReads
{
    /// <summary>The key under which the pool is registered.</summary>
    public const string Pool = "plain-reads";

    /// <summary>Answers come in fractions of a millisecond: more connections would only keep PostgreSQL's cores from working.</summary>
    private const int MaxPoolSize = 16;

    /// <summary>
    /// Statements of lists that a connection keeps, those used last. There are hundreds, one for each combination of filters and order: those that nobody
    /// prepares are prepared where they come again.
    /// </summary>
    private const int MaxPrepared = 100;

    public static NpgsqlDataSource Create(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString) { NoResetOnClose = true, MaxAutoPrepare = MaxPrepared, AutoPrepareMinUsages = 2 };
        builder.Options = $"{builder.Options} -c plan_cache_mode=force_generic_plan";
        builder.MaxPoolSize = Math.Min(builder.MaxPoolSize, MaxPoolSize);
        builder.MinPoolSize = Math.Min(builder.MinPoolSize, builder.MaxPoolSize);
        return new NpgsqlDataSourceBuilder(builder.ConnectionString).Build();
    }

    /// <summary>For the statements that follow in the same batch: which plan is best depends on their values.</summary>
    public static NpgsqlBatchCommand PlanForTheValues() => new("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)");
}
