using System.Globalization;
using GrooteDashboard.Domain.Budgets;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Domain.Budgets;

public sealed class BudgetTests
{
    private static readonly BudgetTerms Terms = new("Team", 50, BudgetPeriod.Day, "UTC", BudgetScope.Everything, null, [80, 50], BudgetAction.Notify);

    [TestCase("2026-11-20T10:00Z", BudgetPeriod.Day, "UTC", "2026-11-20T00:00Z", "2026-11-21T00:00Z")]
    [TestCase("2026-11-20T10:00Z", BudgetPeriod.Week, "UTC", "2026-11-16T00:00Z", "2026-11-23T00:00Z")]
    [TestCase("2026-11-22T23:59Z", BudgetPeriod.Week, "UTC", "2026-11-16T00:00Z", "2026-11-23T00:00Z")]
    [TestCase("2026-11-23T00:00Z", BudgetPeriod.Week, "UTC", "2026-11-23T00:00Z", "2026-11-30T00:00Z")]
    [TestCase("2026-12-31T23:59Z", BudgetPeriod.Month, "UTC", "2026-12-01T00:00Z", "2027-01-01T00:00Z")]
    // East of Greenwich it is tomorrow already.
    [TestCase("2026-11-20T15:00Z", BudgetPeriod.Day, "Asia/Tokyo", "2026-11-20T15:00Z", "2026-11-21T15:00Z")]
    [TestCase("2026-11-30T15:00Z", BudgetPeriod.Month, "Asia/Tokyo", "2026-11-30T15:00Z", "2026-12-31T15:00Z")]
    [TestCase("2026-11-20T18:29Z", BudgetPeriod.Day, "Asia/Kolkata", "2026-11-19T18:30Z", "2026-11-20T18:30Z")]
    // Clocks go forward: a day of 23 hours; back: of 25.
    [TestCase("2026-03-29T12:00Z", BudgetPeriod.Day, "Europe/Berlin", "2026-03-28T23:00Z", "2026-03-29T22:00Z")]
    [TestCase("2026-10-25T12:00Z", BudgetPeriod.Day, "Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T23:00Z")]
    [TestCase("2026-03-31T12:00Z", BudgetPeriod.Month, "Europe/Berlin", "2026-02-28T23:00Z", "2026-03-31T22:00Z")]
    [TestCase("2026-03-28T12:00Z", BudgetPeriod.Week, "Europe/Berlin", "2026-03-22T23:00Z", "2026-03-29T22:00Z")]
    // Midnight is skipped, and is there twice.
    [TestCase("2018-11-04T12:00Z", BudgetPeriod.Day, "America/Sao_Paulo", "2018-11-04T03:00Z", "2018-11-05T02:00Z")]
    [TestCase("2026-11-01T04:30Z", BudgetPeriod.Day, "America/Havana", "2026-11-01T04:00Z", "2026-11-02T05:00Z")]
    [TestCase("2026-11-01T05:30Z", BudgetPeriod.Day, "America/Havana", "2026-11-01T04:00Z", "2026-11-02T05:00Z")]
    public void A_period_is_that_of_the_zone(string now, BudgetPeriod period, string zone, string from, string to)
    {
        var window = Budget.Create("budget-1", Terms with { Period = period, Zone = zone }, ManualTime.Start).WindowAt(Time(now));

        Assert.That(window, Is.EqualTo(new BudgetWindow(Time(from), Time(to))));
    }

    [Test]
    public void Periods_follow_one_another_without_a_hole([Values] BudgetPeriod period, [Values("Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe")] string zone)
    {
        var budget = Budget.Create("budget-1", Terms with { Period = period, Zone = zone }, ManualTime.Start);
        var window = budget.WindowAt(Time("2018-01-15T12:00Z"));
        for (var i = 0; i < 500; i++)
        {
            var next = budget.WindowAt(window.To);
            Assert.That((next.From, budget.WindowAt(window.To.AddTicks(-1))), Is.EqualTo((window.To, window)));
            window = next;
        }
    }

    [TestCase("0", BudgetStatus.Ok, "0")]
    [TestCase("24.999999", BudgetStatus.Ok, "50.00")]
    [TestCase("25", BudgetStatus.Warning, "50")]
    [TestCase("49.999999", BudgetStatus.Warning, "100.00")]
    [TestCase("50", BudgetStatus.Exceeded, "100")]
    [TestCase("75.5", BudgetStatus.Exceeded, "151")]
    public void How_it_stands_goes_by_what_was_spent_to_the_cent(string spent, BudgetStatus status, string percent)
    {
        var budget = New();

        Assert.That((budget.StatusOf(Number(spent)), budget.PercentOf(Number(spent))), Is.EqualTo((status, Number(percent))));
    }

    [Test]
    public void Without_thresholds_only_the_whole_amount_is_told()
    {
        var budget = New(Terms with { Thresholds = [] });

        Assert.That((budget.StatusOf(49.99m), budget.StatusOf(50)), Is.EqualTo((BudgetStatus.Ok, BudgetStatus.Exceeded)));
        Assert.That(budget.TripsAt(50, ManualTime.Start, new HashSet<int>()).Select(trip => trip.Threshold), Is.EqualTo(new[] { 100 }));
    }

    [Test]
    public void A_threshold_trips_once_and_several_together()
    {
        var budget = New();
        var now = ManualTime.Start;

        var trips = budget.TripsAt(45, now, new HashSet<int>()).ToList();

        Assert.Multiple(() =>
        {
            Assert.That(trips.Select(trip => (trip.Threshold, trip.SpentUsd, trip.AmountUsd, trip.PeriodStart, trip.TrippedAt)), Is.EqualTo(new[]
            {
                (50, 45m, 50m, now.AddHours(-8), now), (80, 45m, 50m, now.AddHours(-8), now),
            }));
            Assert.That(budget.TripsAt(60, now, new HashSet<int> { 50, 80 }).Select(trip => trip.Threshold), Is.EqualTo(new[] { 100 }));
            Assert.That(budget.TripsAt(24, now, new HashSet<int>()), Is.Empty);
            Assert.That(New(Terms with { Thresholds = [100] }).TripsAt(60, now, new HashSet<int>()).Select(trip => trip.Threshold), Is.EqualTo(new[] { 100 }));
        });
    }

    /// <summary>At 8 o'clock a third of the day has passed.</summary>
    [Test]
    public void The_forecast_goes_on_as_it_went_so_far()
    {
        var (budget, now) = (New(), ManualTime.Start);

        Assert.Multiple(() =>
        {
            Assert.That(budget.ForecastOf(20, now), Is.EqualTo(new BudgetForecast(60, now.AddHours(12))));
            Assert.That(budget.ForecastOf(10, now), Is.EqualTo(new BudgetForecast(30, null)), "it lasts");
            Assert.That(budget.ForecastOf(55, now), Is.EqualTo(new BudgetForecast(165, null)), "it is spent");
            Assert.That(budget.ForecastOf(0, now), Is.Null, "nothing is known");
            Assert.That(budget.ForecastOf(20, now.AddHours(-8)), Is.Null, "the period has just begun");
            Assert.That(budget.ForecastOf(20, now.AddHours(-8).AddMinutes(14)), Is.Null);
            Assert.That(budget.ForecastOf(20, now.AddHours(-8).AddMinutes(15)), Is.Not.Null);
            Assert.That(budget.ForecastOf(0.000000000001m, now), Is.EqualTo(new BudgetForecast(0, null)));
            Assert.That(New(Terms with { AmountUsd = 0.000001m }).ForecastOf(1_000_000_000_000m, now)!.ExpectedUsd, Is.EqualTo(3_000_000_000_000m));
        });
    }

    [Test]
    public void The_day_of_25_hours_is_taken_for_what_it_is()
    {
        var budget = New(Terms with { Zone = "Europe/Berlin" });
        var halfOfIt = Time("2026-10-24T22:00Z").AddHours(12.5);

        Assert.That(budget.ForecastOf(30, halfOfIt), Is.EqualTo(new BudgetForecast(60, Time("2026-10-24T22:00Z").AddSeconds((long)(12.5 * 3600 * 50 / 30)))));
    }

    [TestCase(BudgetScope.Everything, null, "brain", "github", true)]
    [TestCase(BudgetScope.Everything, null, null, "unknown", true)]
    [TestCase(BudgetScope.Agent, "brain", "brain", "github", true)]
    [TestCase(BudgetScope.Agent, "brain", "executor", "github", false)]
    [TestCase(BudgetScope.Agent, "brain", null, "github", false)]
    [TestCase(BudgetScope.Source, "github", "brain", "github", true)]
    [TestCase(BudgetScope.Source, "github", "brain", "jira", false)]
    public void It_covers_what_it_names(BudgetScope scope, string? value, string? agent, string source, bool covered) =>
        Assert.That(New(Terms with { Scope = scope, ScopeValue = value }).Covers(agent, source), Is.EqualTo(covered));

    [Test]
    public void Terms_that_cannot_be_kept_are_named_and_refused()
    {
        (string Field, BudgetTerms Terms)[] offenders =
        [
            ("name", Terms with { Name = "" }),
            ("name", Terms with { Name = " " }),
            ("name", Terms with { Name = new string('x', 101) }),
            ("amount_usd", Terms with { AmountUsd = 0 }),
            ("amount_usd", Terms with { AmountUsd = -1 }),
            ("amount_usd", Terms with { AmountUsd = 1_000_000_000.01m }),
            ("amount_usd", Terms with { AmountUsd = 0.0000001m }),
            ("zone", Terms with { Zone = "Mars/Base" }),
            ("zone", Terms with { Zone = "../../etc/passwd" }),
            ("scope_value", Terms with { ScopeValue = "brain" }),
            ("scope_value", Terms with { Scope = BudgetScope.Agent }),
            ("scope_value", Terms with { Scope = BudgetScope.Source, ScopeValue = new string('x', 256) }),
            ("thresholds", Terms with { Thresholds = [0] }),
            ("thresholds", Terms with { Thresholds = [101] }),
            ("thresholds", Terms with { Thresholds = [50, 50] }),
            ("thresholds", Terms with { Thresholds = [1, 2, 3, 4, 5, 6] }),
            ("action", Terms with { Scope = BudgetScope.Source, ScopeValue = "github", Action = BudgetAction.BlockChat }),
        ];

        Assert.Multiple(() =>
        {
            Assert.That(Terms.Problems(), Is.Empty);
            foreach (var (field, terms) in offenders)
            {
                Assert.That(terms.Problems().Select(problem => problem.Field), Is.EqualTo(new[] { field }), terms.ToString());
                Assert.That(() => New(terms), Throws.TypeOf<DomainRuleException>(), terms.ToString());
                Assert.That(() => New().Change(terms, ManualTime.Start), Throws.TypeOf<DomainRuleException>(), terms.ToString());
            }
        });
    }

    [Test]
    public void Other_terms_count_from_now_on()
    {
        var budget = New();
        var later = ManualTime.Start.AddMinutes(1);

        budget.Change(new BudgetTerms("Brain", 10.50m, BudgetPeriod.Week, "Asia/Tokyo", BudgetScope.Agent, "brain", [90, 10], BudgetAction.BlockChat), later);

        Assert.That(
            (budget.Name, budget.AmountUsd.ToString(CultureInfo.InvariantCulture), budget.Period, budget.Zone, budget.Scope, budget.ScopeValue, budget.Action),
            Is.EqualTo(("Brain", "10.5", BudgetPeriod.Week, "Asia/Tokyo", BudgetScope.Agent, "brain", BudgetAction.BlockChat)));
        Assert.That((budget.Thresholds, budget.CreatedAt, budget.UpdatedAt), Is.EqualTo((new[] { 10, 90 }, ManualTime.Start, later)));
    }

    private static Budget New(BudgetTerms? terms = null) => Budget.Create("budget-1", terms ?? Terms, ManualTime.Start);

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static decimal Number(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);
}
