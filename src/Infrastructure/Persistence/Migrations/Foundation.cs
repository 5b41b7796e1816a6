using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace GrooteDashboard.Infrastructure.Persistence.Migrations;

[DbContext(typeof(DashboardDbContext))]
[Migration("0001_foundation")]
public sealed class Foundation : SqlMigration;
