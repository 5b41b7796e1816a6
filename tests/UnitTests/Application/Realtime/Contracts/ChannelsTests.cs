using GrooteDashboard.Application.Realtime.Contracts;

namespace GrooteDashboard.UnitTests.Application.Realtime.Contracts;

internal sealed class ChannelsTests
{
    [TestCase("tasks", true)]
    [TestCase("task:a:b", true)]
    [TestCase("conversation:conv-1", true)]
    [TestCase("webhooks", true)]
    [TestCase("sources", true)]
    [TestCase("flow:u@example.com", true)]
    [TestCase("alerts", true)]
    [TestCase("cli", false)]
    [TestCase("system", false)]
    [TestCase("stats", false)]
    [TestCase("server:host-1", false)]
    public void A_channel_that_clients_may_subscribe_to_has_offsets_or_has_not(string channel, bool isSequenced) =>
        Assert.That((Channels.IsKnown(channel), Channels.IsSequenced(channel)), Is.EqualTo((true, isSequenced)));

    [TestCase("")]
    [TestCase("nowhere")]
    [TestCase("Tasks")]
    [TestCase("task")]
    [TestCase("task:")]
    [TestCase("conversation:")]
    [TestCase("flow:../x")]
    [TestCase("server:a b")]
    [TestCase("dash:ch:tasks")]
    public void Others_are_not_known(string channel) => Assert.That(Channels.IsKnown(channel), Is.False);
}
