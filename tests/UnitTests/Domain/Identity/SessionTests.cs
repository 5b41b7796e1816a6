using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Identity;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Domain.Identity;

public sealed class SessionTests
{
    [Test]
    public void A_session_is_active_from_the_moment_it_opens()
    {
        var session = Session.Open("session-1", "anna", "laptop", ManualTime.Start);

        Assert.Multiple(() =>
        {
            Assert.That(session.Active, Is.True);
            Assert.That(session.ConnectedAt, Is.EqualTo(ManualTime.Start));
            Assert.That(session.DisconnectedAt, Is.Null);
        });
    }

    [TestCase("a/b", "anna", "laptop")]
    [TestCase("session-1", "", "laptop")]
    [TestCase("session-1", "anna", "my laptop")]
    public void A_session_of_an_invalid_id_is_refused(string sessionId, string userId, string machineId) =>
        Assert.That(() => Session.Open(sessionId, userId, machineId, ManualTime.Start), Throws.InstanceOf<DomainRuleException>());
}
