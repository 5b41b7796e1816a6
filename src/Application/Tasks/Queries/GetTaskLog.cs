using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Queries;

/// <summary>A part of a task's log; null where there is no such task.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="After">Entries after this offset.</param>
/// <param name="Before">Or the last entries before this offset.</param>
/// <param name="Tail">Or this many from the end.</param>
/// <param name="Limit">How many at most.</param>
/// <param name="Kinds">Only output of these kinds; empty for everything.</param>
public sealed record GetTaskLogQuery(string TaskId, long? After, long? Before, int? Tail, int Limit, IReadOnlyList<string> Kinds)
    : IQuery<TaskLogPage?>;

internal sealed class GetTaskLogValidator : AbstractValidator<GetTaskLogQuery>
{
    public GetTaskLogValidator()
    {
        RuleFor(q => q.Limit).InclusiveBetween(1, TaskLogRange.MaxLimit).WithName("limit");
        RuleFor(q => q.Tail).InclusiveBetween(1, TaskLogRange.MaxLimit).WithName("tail");
        RuleFor(q => q.After).GreaterThanOrEqualTo(0).WithName("after");
        RuleFor(q => q.Before).GreaterThanOrEqualTo(0).WithName("before");
        RuleFor(q => q).Must(q => new object?[] { q.After, q.Before, q.Tail }.Count(given => given is not null) <= 1)
            .OverridePropertyName("after").WithMessage("after, before and tail exclude each other.");
        RuleForEach(q => q.Kinds).OverrideIndexer((_, _, _, _) => "").Must(OutputKinds.All.Contains).OverridePropertyName("kinds")
            .WithMessage("kinds must be any of output, thinking, tool_call, tool_result, system.");
    }
}

internal sealed class GetTaskLogHandler(ITaskLogReader log, IChannelPositions positions) : IRequestHandler<GetTaskLogQuery, TaskLogPage?>
{
    public async Task<TaskLogPage?> Handle(GetTaskLogQuery query, CancellationToken cancellationToken)
    {
        var channel = Channels.Task(query.TaskId);
        var (epoch, _) = await positions.GetAsync(channel, cancellationToken);
        var range = new TaskLogRange(
            query.After,
            query.Tail is null ? query.Before : long.MaxValue,
            query.Tail ?? query.Limit,
            query.Kinds.Count == 0 ? null : query.Kinds);
        return await log.ReadAsync(query.TaskId, range, cancellationToken) is { } page
            // Not the head of the channel: what is published but not stored yet is not in this answer.
            ? page with { Position = new LogPosition(channel, epoch, page.LastOffset) }
            : null;
    }
}
