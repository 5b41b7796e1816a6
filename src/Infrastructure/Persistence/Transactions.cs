namespace GrooteDashboard.Infrastructure.Persistence;

internal static class Transactions
{
    /// <summary>What follows, up to the commit of the unit of work, is one transaction, with the locks that it takes.</summary>
    public static async Task BeginAsync(this DashboardDbContext db, CancellationToken cancellationToken)
    {
        if (db.Database.CurrentTransaction is null)
        {
            await db.Database.BeginTransactionAsync(cancellationToken);
        }
    }
}
