using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace GrooteDashboard.Infrastructure.Persistence.Migrations;

[DbContext(typeof(DashboardDbContext))]
[Migration("0004_rollups")]
public sealed class Rollups : SqlMigration;
