using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Queries;

/// <summary>All tasks of a filter, newest first, streamed; at most <see cref="MaxRows"/>.</summary>
public sealed record ExportTasksQuery(TaskFilter Filter) : IQuery<IAsyncEnumerable<TaskSummary>>
{
    public const int MaxRows = 1_000_000;
}

internal sealed class ExportTasksValidator : AbstractValidator<ExportTasksQuery>
{
    public ExportTasksValidator() => RuleFor(q => q.Filter).SetValidator(new TaskFilterValidator()).OverridePropertyName("");
}

internal sealed class ExportTasksHandler(ITaskExportReader reader) : IRequestHandler<ExportTasksQuery, IAsyncEnumerable<TaskSummary>>
{
    public Task<IAsyncEnumerable<TaskSummary>> Handle(ExportTasksQuery query, CancellationToken cancellationToken) =>
        Task.FromResult(reader.ReadAsync(query.Filter, cancellationToken).Take(ExportTasksQuery.MaxRows));
}
