using GrooteDashboard.Api.Endpoints;
using GrooteDashboard.Testing;
using Microsoft.AspNetCore.Http;

namespace GrooteDashboard.IntegrationTests.Analytics;

[TestFixture]
internal sealed class SharedAnswersTests
{
    private readonly List<Work> _begun = [];
    private SharedAnswers _shared = null!;

    [SetUp]
    public void Begin()
    {
        _shared = new SharedAnswers();
        _begun.Clear();
    }

    [Test]
    public async Task Who_comes_while_an_answer_is_worked_out_shares_the_next_one()
    {
        var first = Ask("?by=agent");
        var (second, third, fourth) = (Ask("?by=agent"), Ask("?by=agent"), Ask("?by=agent"));
        Assert.That(_begun, Has.Count.EqualTo(1));

        _begun[0].Answer.SetResult("old");
        Assert.That(await first, Is.EqualTo("old"));
        await Probe.Until(() => _begun.Count == 2, "the next round begins");
        _begun[1].Answer.SetResult("new");

        Assert.That(await Task.WhenAll(second, third, fourth), Is.All.EqualTo("new"), "what began before they asked is not for them");
        Assert.That(_begun, Has.Count.EqualTo(2));
        var later = Ask("?by=agent");
        Assert.That(_begun, Has.Count.EqualTo(3), "what is over is not shared");
        _begun[2].Answer.SetResult("newest");
        Assert.That(await later, Is.EqualTo("newest"));
    }

    [Test]
    public async Task Other_questions_and_other_forms_do_not_wait()
    {
        var answers = new[] { Ask("?by=agent"), Ask("?by=model"), Ask("?by=agent", accept: "text/csv") };
        Assert.That(_begun, Has.Count.EqualTo(3));

        foreach (var work in _begun)
        {
            work.Answer.SetResult(work.Question);
        }

        Assert.That(await Task.WhenAll(answers), Is.EqualTo(new[] { "?by=agent", "?by=model", "?by=agent" }));
    }

    [Test]
    public async Task When_the_one_who_asked_for_all_goes_another_one_asks()
    {
        using var gone = new CancellationTokenSource();
        var first = Ask("");
        var second = Ask("", aborted: gone.Token);
        var third = Ask("");
        _begun[0].Answer.SetResult("old");
        await Probe.Until(() => _begun.Count == 2, "the next round begins");

        await gone.CancelAsync();
        Assert.That(async () => await second, Throws.InstanceOf<OperationCanceledException>());
        await Probe.Until(() => _begun.Count == 3, "the third asks");
        _begun[2].Answer.SetResult("new");

        Assert.That(await third, Is.EqualTo("new"));
        Assert.That(await first, Is.EqualTo("old"));
    }

    [Test]
    public async Task Who_goes_while_waiting_for_a_round_keeps_nobody_waiting()
    {
        using var gone = new CancellationTokenSource();
        var first = Ask("");
        var second = Ask("", aborted: gone.Token);
        var third = Ask("");

        await gone.CancelAsync();
        Assert.That(async () => await second, Throws.InstanceOf<OperationCanceledException>());
        await Probe.Until(() => _begun.Count == 2, "the third asks");
        _begun[1].Answer.SetResult("new");
        _begun[0].Answer.SetResult("old");

        Assert.That(await third, Is.EqualTo("new"));
        Assert.That(await first, Is.EqualTo("old"));
    }

    [Test]
    public async Task A_failure_is_that_of_all_who_share_it_and_of_nobody_else()
    {
        var first = Ask("");
        var (second, third) = (Ask(""), Ask(""));
        _begun[0].Answer.SetResult("old");
        await Probe.Until(() => _begun.Count == 2, "the next round begins");
        _begun[1].Answer.SetException(new InvalidOperationException("no"));

        Assert.That(await first, Is.EqualTo("old"));
        Assert.That(async () => await second, Throws.InvalidOperationException);
        Assert.That(async () => await third, Throws.InvalidOperationException);
        var later = Ask("");
        _begun[2].Answer.SetResult("new");
        Assert.That(await later, Is.EqualTo("new"));
    }

    private Task<object?> Ask(string query, string accept = "application/json", CancellationToken aborted = default)
    {
        var http = new DefaultHttpContext { RequestAborted = aborted };
        (http.Request.Path, http.Request.QueryString, http.Request.Headers.Accept) = ("/api/analytics/performance", new QueryString(query), accept);
        return _shared.InvokeAsync(new DefaultEndpointFilterInvocationContext(http), async context =>
        {
            var work = new Work(query);
            lock (_begun)
            {
                _begun.Add(work);
            }

            return await work.Answer.Task.WaitAsync(context.HttpContext.RequestAborted);
        }).AsTask();
    }

    private sealed record Work(string Question)
    {
        public TaskCompletionSource<object?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
