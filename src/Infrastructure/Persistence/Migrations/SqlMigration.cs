using System.Reflection;
using Microsoft.EntityFrameworkCore.Migrations;

namespace GrooteDashboard.Infrastructure.Persistence.Migrations;

/// <summary>A migration whose text is the embedded SQL file of its own name.</summary>
public abstract class SqlMigration : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var id = GetType().GetCustomAttribute<MigrationAttribute>()!.Id;
        using var stream = typeof(SqlMigration).Assembly.GetManifestResourceStream(typeof(SqlMigration), id + ".sql")
            ?? throw new InvalidOperationException($"The SQL of migration {id} is not embedded.");
        using var reader = new StreamReader(stream);
        migrationBuilder.Sql(reader.ReadToEnd());
    }
}
