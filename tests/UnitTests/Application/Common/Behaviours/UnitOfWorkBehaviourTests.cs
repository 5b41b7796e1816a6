using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Common.Behaviours;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.UnitTests.Application.Realtime.Log;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using NSubstitute.ExceptionExtensions;

namespace GrooteDashboard.UnitTests.Application.Common.Behaviours;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class UnitOfWorkBehaviourTests
{
    private readonly IUnitOfWork _unitOfWork = Substitute.For<IUnitOfWork>();
    private readonly ITaskLog _log = Substitute.For<ITaskLog>();

    [Test]
    public async Task It_commits_once_the_handler_has_returned_and_appends_what_was_committed()
    {
        IReadOnlyList<LogAppend> committed = [new LogAppend("task-1", [LogHarness.Output("a")])];
        _unitOfWork.CommitAsync(default).ReturnsForAnyArgs(committed);
        var handled = false;

        var answer = await HandleAsync(() =>
        {
            _unitOfWork.DidNotReceiveWithAnyArgs().CommitAsync(default);
            handled = true;
        });

        Assert.That((answer, handled), Is.EqualTo((42, true)));
        await _unitOfWork.Received(1).CommitAsync(Arg.Any<CancellationToken>());
        await _log.Received(1).AppendAsync(committed, Arg.Any<CancellationToken>());
    }

    [Test]
    public async Task Where_nothing_happened_nothing_is_appended()
    {
        _unitOfWork.CommitAsync(default).ReturnsForAnyArgs([]);

        await HandleAsync(() => { });

        await _log.DidNotReceiveWithAnyArgs().AppendAsync(null!, default);
    }

    [Test]
    public async Task Where_somebody_else_was_faster_the_use_case_runs_again_from_the_beginning()
    {
        var commits = 0;
        _unitOfWork.CommitAsync(default).ReturnsForAnyArgs(_ => ++commits < 3 ? throw new ConcurrencyException("faster") : []);
        var runs = 0;

        Assert.That(await HandleAsync(() => runs++), Is.EqualTo(42));

        Assert.That(runs, Is.EqualTo(3));
        _unitOfWork.Received(2).Reset();
    }

    [Test]
    public void It_does_not_run_again_for_ever()
    {
        _unitOfWork.CommitAsync(default).ThrowsAsyncForAnyArgs(new ConcurrencyException("faster"));
        var runs = 0;

        Assert.That(() => HandleAsync(() => runs++), Throws.InstanceOf<ConcurrencyException>());

        Assert.That(runs, Is.EqualTo(8));
    }

    [Test]
    public async Task Where_the_handler_fails_nothing_is_committed()
    {
        Assert.That(() => HandleAsync(() => throw new InvalidOperationException("no")), Throws.InvalidOperationException);

        await _unitOfWork.DidNotReceiveWithAnyArgs().CommitAsync(default);
        await _log.DidNotReceiveWithAnyArgs().AppendAsync(null!, default);
    }

    private Task<int> HandleAsync(Action handler)
    {
        var behaviour = new UnitOfWorkBehaviour<Command, int>(_unitOfWork, _log, NullLogger<UnitOfWorkBehaviour<Command, int>>.Instance);
        return behaviour.Handle(new Command(), CancellationToken.None, () =>
        {
            handler();
            return Task.FromResult(42);
        });
    }

    private sealed record Command : ICommand<int>;
}
