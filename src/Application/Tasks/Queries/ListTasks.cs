using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Queries;

/// <summary>A page of tasks, newest first.</summary>
/// <param name="Statuses">Status names.</param>
/// <param name="Agent">Assigned agent.</param>
/// <param name="From">Created at or after.</param>
/// <param name="To">Created before.</param>
/// <param name="Page">From 1.</param>
/// <param name="PerPage">1 to 100.</param>
public sealed record ListTasksQuery(
    IReadOnlyList<string> Statuses, string? Agent, DateTimeOffset? From, DateTimeOffset? To, int Page, int PerPage)
    : IQuery<Page<TaskSummary>>
{
    public const int MaxPerPage = 100;
    public const int MaxPage = 1_000_000;
}

internal sealed class ListTasksValidator : AbstractValidator<ListTasksQuery>
{
    public ListTasksValidator()
    {
        RuleFor(q => q.Page).InclusiveBetween(1, ListTasksQuery.MaxPage).WithName("page");
        RuleFor(q => q.PerPage).InclusiveBetween(1, ListTasksQuery.MaxPerPage).WithName("per_page");
        RuleFor(q => q.Agent).MaximumLength(AgentTask.MaxNameLength).WithName("agent");
        RuleForEach(q => q.Statuses).OverrideIndexer((_, _, _, _) => "").Must(name => AgentTaskLifecycle.TryParse(name, out _)).OverridePropertyName("status")
            .WithMessage("status must be any of queued, running, waiting_input, completed, failed, cancelled.");
        RuleFor(q => q.Statuses).Must(names => names.Count <= 20).OverridePropertyName("status").WithMessage("status names too many values.");
        RuleFor(q => q).Must(q => q.From is null || q.To is null || q.From < q.To).OverridePropertyName("date_to")
            .WithMessage("date_to must be after date_from.");
    }
}

internal sealed class ListTasksHandler(ITaskReader reader) : IRequestHandler<ListTasksQuery, Page<TaskSummary>>
{
    public Task<Page<TaskSummary>> Handle(ListTasksQuery query, CancellationToken cancellationToken)
    {
        var statuses = query.Statuses.Select(name => AgentTaskLifecycle.TryParse(name, out var status) ? status : default).Distinct().ToList();
        return reader.ListAsync(new TaskFilter(statuses, query.Agent, query.From, query.To), query.Page, query.PerPage, cancellationToken);
    }
}
