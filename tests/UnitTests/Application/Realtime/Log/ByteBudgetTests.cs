using FsCheck;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Application.Realtime.Log;

public sealed class ByteBudgetTests
{
    [Test]
    public void Where_there_is_room_nobody_waits()
    {
        var budget = new ByteBudget(10);

        Assert.That(budget.AcquireAsync(4, default).AsTask().IsCompletedSuccessfully, Is.True);
        Assert.That(budget.AcquireAsync(6, default).AsTask().IsCompletedSuccessfully, Is.True);
        Assert.That(budget.Used, Is.EqualTo(10));
    }

    [Test]
    public async Task Where_there_is_none_it_is_first_come_first_served()
    {
        var budget = new ByteBudget(10);
        await budget.AcquireAsync(8, default);
        var (large, small) = (budget.AcquireAsync(5, default).AsTask(), budget.AcquireAsync(1, default).AsTask());
        Assert.That((large.IsCompleted, small.IsCompleted), Is.EqualTo((false, false)), "there is room for the small one, but the large one came first");

        budget.Release(8);

        await Task.WhenAll(large, small).InTime();
        Assert.That(budget.Used, Is.EqualTo(6));
    }

    [Test]
    public async Task More_than_everything_counts_as_everything()
    {
        var budget = new ByteBudget(10);
        await budget.AcquireAsync(1_000, default).AsTask().InTime();
        Assert.That(budget.Used, Is.EqualTo(10));

        budget.Release(1_000);

        Assert.That(budget.Used, Is.Zero);
    }

    [Test]
    public async Task Whoever_gives_up_makes_way_for_the_next()
    {
        var budget = new ByteBudget(10);
        await budget.AcquireAsync(8, default);
        using var impatience = new CancellationTokenSource();
        var large = budget.AcquireAsync(5, impatience.Token).AsTask();
        var small = budget.AcquireAsync(2, default).AsTask();

        await impatience.CancelAsync();

        Assert.That(async () => await large.InTime(), Throws.InstanceOf<OperationCanceledException>());
        await small.InTime();
        Assert.That(budget.Used, Is.EqualTo(10));
    }

    [Test]
    public async Task Whoever_has_given_up_already_does_not_wait()
    {
        var budget = new ByteBudget(10);
        await budget.AcquireAsync(10, default);

        Assert.That(async () => await budget.AcquireAsync(1, new CancellationToken(canceled: true)).AsTask().InTime(), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(budget.Used, Is.EqualTo(10));
    }

    [Test]
    public void However_it_is_used_the_bound_holds_everybody_is_served_and_everything_comes_back() => Prop.ForAll(
        Arb.From(Gen.ListOf(Gen.Choose(0, 15)).Resize(40)),
        sizes =>
        {
            var budget = new ByteBudget(10);
            var users = sizes.Select(size => Task.Run(async () =>
            {
                await budget.AcquireAsync(size, default);
                var used = budget.Used;
                await Task.Yield();
                budget.Release(size);
                return used;
            })).ToArray();
            var seen = Task.WhenAll(users).InTime().GetAwaiter().GetResult();
            return seen.All(used => used is >= 0 and <= 10) && budget.Used == 0;
        }).QuickCheckThrowOnFailure();
}
