using GrooteDashboard.Application.Realtime.Log;

namespace GrooteDashboard.UnitTests.Application.Realtime.Log;

public sealed class RecentIdsTests
{
    [Test]
    public void Up_to_its_capacity_it_holds_every_id_and_says_so()
    {
        var ids = Filled(complete: true, storedOffset: long.MaxValue);

        Assert.That((ids.Complete, ids.Contains("id-1"), ids.Contains($"id-{RecentIds.Capacity}")), Is.EqualTo((true, true, true)));
    }

    [Test]
    public void Beyond_it_the_oldest_goes_and_it_says_that_it_does_not_know_everything()
    {
        var ids = Filled(complete: true, storedOffset: long.MaxValue);
        ids.Add("one more", RecentIds.Capacity + 1, storedOffset: RecentIds.Capacity);

        Assert.That((ids.Complete, ids.Contains("id-1"), ids.Contains("id-2"), ids.Contains("one more")), Is.EqualTo((false, false, true, true)));
    }

    [Test]
    public void Ids_that_are_not_stored_are_never_forgotten()
    {
        var ids = Filled(complete: true, storedOffset: 0);
        ids.Add("one more", RecentIds.Capacity + 1, storedOffset: 0);
        Assert.That((ids.Complete, ids.Contains("id-1")), Is.EqualTo((true, true)));

        ids.Add("another", RecentIds.Capacity + 2, storedOffset: 1);

        Assert.That((ids.Complete, ids.Contains("id-1"), ids.Contains("id-2")), Is.EqualTo((false, false, true)));
    }

    [Test]
    public void For_a_task_with_a_past_it_does_not_know_everything() =>
        Assert.That(new RecentIds(complete: false).Complete, Is.False);

    private static RecentIds Filled(bool complete, long storedOffset)
    {
        var ids = new RecentIds(complete);
        for (var i = 1; i <= RecentIds.Capacity; i++)
        {
            ids.Add($"id-{i}", i, storedOffset);
        }

        return ids;
    }
}
