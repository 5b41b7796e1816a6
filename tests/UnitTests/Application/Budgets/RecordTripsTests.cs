using GrooteDashboard.Application.Budgets.Commands;
using GrooteDashboard.Application.Budgets.Queries;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Domain.Budgets;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Application.Budgets;

public sealed class RecordTripsTests
{
    private static readonly BudgetTerms Terms = new("All", 10, BudgetPeriod.Day, "UTC", BudgetScope.Everything, null, [50], BudgetAction.Notify);

    [Test]
    public async Task Thresholds_are_recorded_as_they_are_reached_and_anew_in_the_next_period()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        var figures = dashboard.Get<NoAnalytics>();
        Assert.That(await dashboard.SendAsync(new RecordTripsCommand()), Is.EqualTo(new RecordedTrips(null, 0)), "there are no budgets");
        await dashboard.SendAsync(new CreateBudgetCommand(Terms));

        figures.Costs[""] = 4.99m;
        var mark = (await dashboard.SendAsync(new RecordTripsCommand())).Mark;
        figures.Costs[""] = 5;
        Assert.That((await dashboard.SendAsync(new RecordTripsCommand(mark))).Count, Is.EqualTo(1));
        Assert.That((await dashboard.SendAsync(new RecordTripsCommand())).Count, Is.Zero);
        figures.Costs[""] = 12;
        mark = (await dashboard.SendAsync(new RecordTripsCommand())).Mark;
        dashboard.Time.Advance(TimeSpan.FromDays(1));
        Assert.That((await dashboard.SendAsync(new RecordTripsCommand(mark))).Count, Is.EqualTo(2), "a period has turned");

        Assert.That(dashboard.Budgets.Trips.Select(trip => (trip.Threshold, trip.PeriodStart.Day, trip.SpentUsd)), Is.EqualTo(new[]
        {
            (50, 20, 5m), (100, 20, 12m), (50, 21, 12m), (100, 21, 12m),
        }));
    }

    [Test]
    public async Task Where_nothing_has_changed_it_asks_one_question_whatever_the_number_of_budgets()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        var figures = dashboard.Get<NoAnalytics>();
        figures.Costs[""] = 4;
        foreach (var period in Enum.GetValues<BudgetPeriod>())
        {
            await dashboard.SendAsync(new CreateBudgetCommand(Terms with { Period = period }));
            await dashboard.SendAsync(new CreateBudgetCommand(Terms with { Period = period, Scope = BudgetScope.Agent, ScopeValue = "brain" }));
            await dashboard.SendAsync(new CreateBudgetCommand(Terms with { Period = period, Scope = BudgetScope.Agent, ScopeValue = "executor" }));
        }

        var before = figures.Questions;
        var mark = (await dashboard.SendAsync(new RecordTripsCommand())).Mark;
        Assert.That(figures.Questions - before, Is.EqualTo(1 + 6), "one for each period and scope");
        before = figures.Questions;
        Assert.That(await dashboard.SendAsync(new RecordTripsCommand(mark)), Is.EqualTo(new RecordedTrips(mark, 0)));
        Assert.That(figures.Questions - before, Is.EqualTo(1));

        dashboard.Time.Advance(TimeSpan.FromMilliseconds(1));
        var budget = (await dashboard.Budgets.ListAsync(CancellationToken.None))[0];
        await dashboard.SendAsync(new UpdateBudgetCommand(budget.BudgetId, Terms with { AmountUsd = 1 }));
        Assert.That((await dashboard.SendAsync(new RecordTripsCommand(mark))).Count, Is.EqualTo(2), "a budget has changed");
    }

    [Test]
    public async Task What_is_recorded_is_told_once_and_what_was_recorded_while_nobody_watched_is_no_news()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        dashboard.Get<NoAnalytics>().Costs[""] = 5;
        await dashboard.SendAsync(new CreateBudgetCommand(Terms));
        await dashboard.SendAsync(new RecordTripsCommand());
        dashboard.Time.Advance(TimeSpan.FromSeconds(1));
        await dashboard.Surroundings.AskedAboutSystem.InTime();
        Assert.That(dashboard.Budgets.Begun.IsCompleted, Is.False, "nothing is read for nobody");
        dashboard.Surroundings.Watched = Channels.System;
        dashboard.Time.Advance(TimeSpan.FromSeconds(1));
        await dashboard.Budgets.Begun.InTime();
        dashboard.Get<NoAnalytics>().Costs[""] = 10;
        await dashboard.SendAsync(new RecordTripsCommand());
        dashboard.Time.Advance(TimeSpan.FromSeconds(1));
        await dashboard.Publisher.UntilAsync(frames => frames.Any(frame => frame.Message is BudgetTripMessage)).InTime();
        var budget = (await dashboard.Budgets.ListAsync(CancellationToken.None))[0];
        await dashboard.SendAsync(new UpdateBudgetCommand(budget.BudgetId, Terms with { Thresholds = [90] }));
        await dashboard.SendAsync(new RecordTripsCommand());
        dashboard.Time.Advance(TimeSpan.FromSeconds(1));
        await dashboard.Publisher.UntilAsync(frames => frames.Count(frame => frame.Message is BudgetTripMessage) > 1).InTime();

        Assert.That(
            dashboard.Publisher.On(Channels.System).Select(frame => ((BudgetTripMessage)frame.Message).Trip).Select(trip => (trip.Name, trip.Threshold, trip.SpentUsd)),
            Is.EqualTo(new[] { ("All", 100, 10m), ("All", 90, 10m) }));
    }

    [Test]
    public async Task There_are_not_more_than_can_be_looked_after()
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();
        for (var i = 0; i < Budget.MaxBudgets; i++)
        {
            await dashboard.SendAsync(new CreateBudgetCommand(Terms with { Name = $"{i}" }));
        }

        Assert.That(
            () => dashboard.SendAsync(new CreateBudgetCommand(Terms)),
            Throws.TypeOf<DomainRuleException>().With.Property(nameof(DomainRuleException.Code)).EqualTo("too_many_budgets"));
        var page = await dashboard.SendAsync(new ListBudgetsQuery(95, 10));
        Assert.That((page.Items.Count, page.Total), Is.EqualTo((5, 100)));
    }
}
