using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace GrooteDashboard.Infrastructure.Persistence.Migrations;

[DbContext(typeof(DashboardDbContext))]
[Migration("0008_analytics")]
public sealed class Analytics : SqlMigration;
