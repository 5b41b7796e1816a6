using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.UnitTests.Domain.Tasks;

public sealed class AgentTaskLifecycleTests
{
    private static readonly AgentTaskStatus[] Statuses =
    [
        AgentTaskStatus.Queued, AgentTaskStatus.Running, AgentTaskStatus.WaitingInput,
        AgentTaskStatus.Completed, AgentTaskStatus.Failed, AgentTaskStatus.Cancelled,
    ];

    /// <summary>From each row's status, to the status of the column: x is legal.</summary>
    private static readonly string[] Table =
    [
        //  q r w c f x
        /* queued        */ ". x . . . x",
        /* running       */ ". . x x x x",
        /* waiting_input */ ". x . . . x",
        /* completed     */ ". . . . . .",
        /* failed        */ ". . . . . .",
        /* cancelled     */ ". . . . . .",
    ];

    public static IEnumerable<TestCaseData> Pairs =>
        from row in Enumerable.Range(0, Statuses.Length)
        from column in Enumerable.Range(0, Statuses.Length)
        select new TestCaseData(Statuses[row], Statuses[column], Table[row].Split(' ')[column] == "x");

    [TestCaseSource(nameof(Pairs))]
    public void A_transition_is_legal_exactly_if_the_table_says_so(AgentTaskStatus from, AgentTaskStatus to, bool legal) =>
        Assert.That(AgentTaskLifecycle.CanTransition(from, to), Is.EqualTo(legal));

    [TestCase(AgentTaskStatus.Queued, false)]
    [TestCase(AgentTaskStatus.Running, false)]
    [TestCase(AgentTaskStatus.WaitingInput, false)]
    [TestCase(AgentTaskStatus.Completed, true)]
    [TestCase(AgentTaskStatus.Failed, true)]
    [TestCase(AgentTaskStatus.Cancelled, true)]
    public void Completed_failed_and_cancelled_are_final(AgentTaskStatus status, bool final) => Assert.That(status.IsFinal(), Is.EqualTo(final));

    [TestCase("queued", AgentTaskStatus.Queued)]
    [TestCase("running", AgentTaskStatus.Running)]
    [TestCase("in_progress", AgentTaskStatus.Running)]
    [TestCase("waiting_input", AgentTaskStatus.WaitingInput)]
    [TestCase("completed", AgentTaskStatus.Completed)]
    [TestCase("failed", AgentTaskStatus.Failed)]
    [TestCase("cancelled", AgentTaskStatus.Cancelled)]
    public void A_name_on_the_wire_is_read(string name, AgentTaskStatus expected)
    {
        Assert.That(AgentTaskLifecycle.TryParse(name, out var status), Is.True);
        Assert.That(status, Is.EqualTo(expected));
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("Running")]
    [TestCase("done")]
    [TestCase("0")]
    public void Another_name_is_no_status(string? name) => Assert.That(AgentTaskLifecycle.TryParse(name, out _), Is.False);

    [Test]
    public void Every_status_is_read_back_under_the_name_it_is_written_with() => Assert.Multiple(() =>
    {
        foreach (var status in Enum.GetValues<AgentTaskStatus>())
        {
            Assert.That(AgentTaskLifecycle.TryParse(status.Name(), out var read) && read == status, Is.True, status.ToString());
        }
    });
}
