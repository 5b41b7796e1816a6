using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace GrooteDashboard.Infrastructure.Persistence.Migrations;

[DbContext(typeof(DashboardDbContext))]
[Migration("0009_range_indexes")]
public sealed class RangeIndexes : SqlMigration;
