using GrooteDashboard.Infrastructure.Persistence;
using GrooteDashboard.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Metadata;

namespace GrooteDashboard.IntegrationTests.Persistence;

[TestFixture]
internal sealed class SchemaTests
{
    private TestDatabase _database = null!;
    private DashboardDbContext _db = null!;

    [OneTimeSetUp]
    public async Task Connect()
    {
        _database = await TestDatabase.CreateAsync();
        _db = NewContext();
    }

    [OneTimeTearDown]
    public async Task Disconnect()
    {
        await _db.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Test]
    public async Task The_migrated_schema_is_the_model()
    {
        var actual = (await _db.Database.SqlQuery<string>(
            $"""
            SELECT c.table_name || '.' || c.column_name || ' ' || format_type(a.atttypid, a.atttypmod)
                || CASE WHEN c.is_nullable = 'YES' THEN ' null' ELSE '' END AS "Value"
            FROM information_schema.columns c
            JOIN pg_attribute a ON a.attrelid = (quote_ident(c.table_name))::regclass AND a.attname = c.column_name
            WHERE c.table_schema = 'public' AND c.table_name <> '__EFMigrationsHistory'
            """).ToListAsync()).Order(StringComparer.Ordinal);
        var expected = _db.Model.GetEntityTypes().SelectMany(Columns).Order(StringComparer.Ordinal);

        Assert.That(actual, Is.EqualTo(expected));
    }

    [Test]
    public async Task Keys_and_foreign_keys_are_those_of_the_model()
    {
        var actual = (await _db.Database.SqlQuery<string>(
            $"""
            SELECT conrelid::regclass::text || ' ' || pg_get_constraintdef(oid) AS "Value"
            FROM pg_constraint WHERE contype IN ('p', 'f') AND connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE '%EFMigrations%'
            """).ToListAsync()).Order(StringComparer.Ordinal);
        var expected = _db.Model.GetEntityTypes().SelectMany(Constraints).Order(StringComparer.Ordinal);

        Assert.That(actual, Is.EqualTo(expected));
    }

    [Test]
    public async Task Migrating_again_and_from_several_processes_at_once_changes_nothing()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            await using var db = NewContext();
            await db.Database.MigrateAsync();
        }));

        Assert.That(await _db.Database.GetPendingMigrationsAsync(), Is.Empty);
    }

    private static IEnumerable<string> Columns(IEntityType entity) => entity.GetProperties().Select(property =>
        $"{entity.GetTableName()}.{property.GetColumnName()} {property.GetColumnType()}{(property.IsNullable ? " null" : "")}");

    private static IEnumerable<string> Constraints(IEntityType entity) =>
    [
        .. entity.GetKeys().Select(key => $"{entity.GetTableName()} PRIMARY KEY ({Names(key.Properties)})"),
        .. entity.GetForeignKeys().Select(key =>
            $"{entity.GetTableName()} FOREIGN KEY ({Names(key.Properties)}) REFERENCES {key.PrincipalEntityType.GetTableName()}({Names(key.PrincipalKey.Properties)})"
            + (key.DeleteBehavior == DeleteBehavior.Cascade ? " ON DELETE CASCADE" : "")),
    ];

    private static string Names(IReadOnlyList<IProperty> properties) =>
        string.Join(", ", properties.Select(property => property.GetColumnName() is "offset" ? "\"offset\"" : property.GetColumnName()));

    private DashboardDbContext NewContext() => new(new DbContextOptionsBuilder<DashboardDbContext>().UseNpgsql(_database.ConnectionString)
        .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning)).Options);
}
