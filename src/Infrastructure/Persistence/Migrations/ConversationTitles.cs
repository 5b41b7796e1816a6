using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace GrooteDashboard.Infrastructure.Persistence.Migrations;

[DbContext(typeof(DashboardDbContext))]
[Migration("0006_conversation_titles")]
public sealed class ConversationTitles : SqlMigration;
