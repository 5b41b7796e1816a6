using System.Text.Json;
using GrooteDashboard.Domain.Budgets;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace GrooteDashboard.Infrastructure.Persistence.Configurations.Budgets;

internal sealed class BudgetConfiguration : IEntityTypeConfiguration<Budget>
{
    public void Configure(EntityTypeBuilder<Budget> budget)
    {
        budget.ToTable("budgets");
        budget.HasKey(b => b.BudgetId);
        budget.Ignore(b => b.DomainEvents);
        budget.Ignore(b => b.Thresholds);
        budget.Property(b => b.BudgetId).HasColumnName("budget_id");
        budget.Property(b => b.Name).HasColumnName("name");
        budget.Property(b => b.AmountUsd).HasColumnName("amount_usd").HasColumnType("numeric");
        budget.Property(b => b.Period).HasColumnName("period").HasConversion(new NameConverter<BudgetPeriod>());
        budget.Property(b => b.Zone).HasColumnName("zone");
        budget.Property(b => b.Scope).HasColumnName("scope").HasConversion(new NameConverter<BudgetScope>());
        budget.Property(b => b.ScopeValue).HasColumnName("scope_value");
        budget.Property<int[]>("_thresholds").HasColumnName("thresholds");
        budget.Property(b => b.Action).HasColumnName("action").HasConversion(new NameConverter<BudgetAction>());
        budget.Property(b => b.CreatedAt).HasColumnName("created_at");
        budget.Property(b => b.UpdatedAt).HasColumnName("updated_at");
    }

    /// <summary>Words are stored by their names on the wire.</summary>
    private sealed class NameConverter<T>() : ValueConverter<T, string>(
        value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()), name => Parse(name))
        where T : struct, Enum
    {
        private static T Parse(string name) => Enum.Parse<T>(name.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);
    }
}

internal sealed class BudgetTripConfiguration : IEntityTypeConfiguration<BudgetTrip>
{
    public void Configure(EntityTypeBuilder<BudgetTrip> trip)
    {
        trip.ToTable("budget_trips");
        trip.HasKey(t => t.TripId);
        trip.Property(t => t.TripId).HasColumnName("trip_id").UseIdentityAlwaysColumn();
        trip.Property(t => t.BudgetId).HasColumnName("budget_id");
        trip.Property(t => t.PeriodStart).HasColumnName("period_start");
        trip.Property(t => t.Threshold).HasColumnName("threshold");
        trip.Property(t => t.SpentUsd).HasColumnName("spent_usd").HasColumnType("numeric");
        trip.Property(t => t.AmountUsd).HasColumnName("amount_usd").HasColumnType("numeric");
        trip.Property(t => t.TrippedAt).HasColumnName("tripped_at");
        trip.HasOne<Budget>().WithMany().HasForeignKey(t => t.BudgetId).OnDelete(DeleteBehavior.Cascade);
    }
}
