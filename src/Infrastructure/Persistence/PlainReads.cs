using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>
/// Connections for what is asked most and leaves nothing behind in its session: prepared statements that only read. PostgreSQL is not asked to forget what the
/// last one did, six statements before each use. Which of the two pools a statement takes is a matter of its plan.
/// </summary>
internal static class PlainReads
{
    /// <summary>The key of the pool whose statements are planned once, whatever their values.</summary>
    public const string PlannedOnce = "plain-reads-planned-once";

    /// <summary>The key of the pool whose statements are planned for their values, each time: how many rows those match decides which plan is best.</summary>
    public const string PlannedForValues = "plain-reads-planned-for-values";

    /// <summary>Answers come in fractions of a millisecond: more connections would only keep PostgreSQL's cores from working.</summary>
    private const int MaxPoolSize = 8;

    /// <summary>
    /// Statements of lists that a connection keeps, those used last. There are hundreds, one for each combination of filters and order: those that nobody
    /// prepares are prepared where they come again.
    /// </summary>
    private const int MaxPrepared = 100;

    /// <param name="connectionString">Of the database.</param>
    /// <param name="key"><see cref="PlannedOnce"/> or <see cref="PlannedForValues"/>.</param>
    public static NpgsqlDataSource Create(string connectionString, string key)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString) { NoResetOnClose = true, MaxAutoPrepare = MaxPrepared, AutoPrepareMinUsages = 2 };
        builder.Options = $"{builder.Options} -c plan_cache_mode={(key == PlannedOnce ? "force_generic_plan" : "force_custom_plan")}";
        builder.MaxPoolSize = Math.Min(builder.MaxPoolSize, MaxPoolSize);
        builder.MinPoolSize = Math.Min(builder.MinPoolSize, builder.MaxPoolSize);
        return new NpgsqlDataSourceBuilder(builder.ConnectionString).Build();
    }
}
