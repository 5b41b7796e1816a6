using GrooteDashboard.Application.Common;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>How long PostgreSQL may look for a text that somebody typed.</summary>
internal static class SearchDeadline
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Reads with this deadline for each statement.</summary>
    /// <exception cref="SearchTooSlowException">It is over.</exception>
    public static Task<T> SearchAsync<T>(this DashboardDbContext db, Func<Task<T>> read, CancellationToken cancellationToken) => KeepAsync(async () =>
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync($"SELECT set_config('statement_timeout', {(int)Patience.TotalMilliseconds}::text, true)", cancellationToken);
        return await read();
    });

    /// <summary>The deadline for each statement that follows in the same batch.</summary>
    public static NpgsqlBatchCommand Set()
    {
        var command = new NpgsqlBatchCommand();
        command.CommandText = $"SELECT set_config('statement_timeout', {command.Parameters.Next((int)Patience.TotalMilliseconds)}::text, true)";
        return command;
    }

    /// <summary>Reads what has this deadline.</summary>
    /// <exception cref="SearchTooSlowException">It is over.</exception>
    public static async Task<T> KeepAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception e) when (IsOver(e))
        {
            throw new SearchTooSlowException("The search was given up.", e);
        }
    }

    public static bool IsOver(Exception exception) =>
        (exception as PostgresException ?? exception.InnerException as PostgresException)?.SqlState == PostgresErrorCodes.QueryCanceled;
}
