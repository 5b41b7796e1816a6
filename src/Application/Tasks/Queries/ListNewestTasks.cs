using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Queries;

/// <summary>The newest tasks of a filter, and nothing else: what existing clients poll.</summary>
/// <param name="Filter">Which tasks.</param>
/// <param name="Limit">How many at most.</param>
public sealed record ListNewestTasksQuery(TaskFilter Filter, int Limit) : IQuery<IReadOnlyList<TaskSummary>>
{
    public const int MaxLimit = 500;
}

internal sealed class ListNewestTasksValidator : AbstractValidator<ListNewestTasksQuery>
{
    public ListNewestTasksValidator()
    {
        RuleFor(q => q.Filter).SetValidator(new TaskFilterValidator()).OverridePropertyName("");
        RuleFor(q => q.Limit).InclusiveBetween(1, ListNewestTasksQuery.MaxLimit).WithName("limit");
    }
}

internal sealed class ListNewestTasksHandler(ITaskReader tasks) : IRequestHandler<ListNewestTasksQuery, IReadOnlyList<TaskSummary>>
{
    public Task<IReadOnlyList<TaskSummary>> Handle(ListNewestTasksQuery query, CancellationToken cancellationToken) =>
        tasks.ListAsync(query.Filter, TaskOrder.NewestFirst, after: null, skip: 0, query.Limit, cancellationToken);
}
