using FluentValidation;
using FluentValidation.Results;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Queries;

/// <summary>A part of a list of tasks: by page number near its ends, by cursor anywhere.</summary>
/// <param name="Filter">Which tasks.</param>
/// <param name="Order">In which order.</param>
/// <param name="Page">From 1; without meaning where there is a cursor.</param>
/// <param name="PerPage">1 to 100.</param>
/// <param name="After">Cursor: the rows that follow it.</param>
/// <param name="Before">Cursor: the rows that precede it.</param>
public sealed record ListTasksQuery(TaskFilter Filter, TaskOrder Order, int Page, int PerPage, string? After = null, string? Before = null)
    : IQuery<TaskPage>
{
    public const int MaxPerPage = 100;
    public const int MaxPage = 1_000_000;

    /// <summary>
    /// Rows that a page number may pass over, from either end of the list. They have to be read to be passed over; a cursor goes straight to its place.
    /// </summary>
    public const int MaxDepth = 10_000;
}

internal sealed class ListTasksValidator : AbstractValidator<ListTasksQuery>
{
    public ListTasksValidator()
    {
        RuleFor(q => q.Filter).SetValidator(new TaskFilterValidator()).OverridePropertyName("");
        RuleFor(q => q.Page).InclusiveBetween(1, ListTasksQuery.MaxPage).WithName("page");
        RuleFor(q => q.PerPage).InclusiveBetween(1, ListTasksQuery.MaxPerPage).WithName("per_page");
        RuleFor(q => q.After).Must(IsPlace).WithName("after").WithMessage("after is no cursor that this list gave in this order.");
        RuleFor(q => q.Before).Must(IsPlace).WithName("before").WithMessage("before is no cursor that this list gave in this order.");
        RuleFor(q => q.Before).Must((query, before) => before is null || query.After is null).WithName("before")
            .WithMessage("before and after cannot be combined.");
    }

    private static bool IsPlace(ListTasksQuery query, string? cursor) => cursor is null || TaskCursor.Parse(cursor)?.Order == query.Order;
}

internal sealed class ListTasksHandler(ITaskReader tasks, ITaskTotals kept) : IRequestHandler<ListTasksQuery, TaskPage>
{
    public async Task<TaskPage> Handle(ListTasksQuery query, CancellationToken cancellationToken)
    {
        // At once: only a page near the end of the list has to know how long it is.
        var counting = CountAsync(query.Filter, cancellationToken);
        var reading = ReadAsync(query, counting, cancellationToken);
        await Task.WhenAll(counting, reading);
        var ((totals, counted), rows) = (await counting, await reading);
        return new TaskPage(
            rows.Items,
            counted ?? rows.AtLeast,
            TotalIsExact: counted is not null,
            query.Page,
            query.PerPage,
            rows.HasNext ? TaskCursor.Of(rows.Items[^1], query.Order).ToString() : null,
            rows.HasPrevious ? TaskCursor.Of(rows.Items[0], query.Order).ToString() : null,
            totals);
    }

    /// <summary>What all tasks of the list come to, where that is kept, and how many they are, unless it takes too long to count them.</summary>
    private async Task<(TaskTotals? Totals, long? Counted)> CountAsync(TaskFilter filter, CancellationToken cancellationToken)
    {
        var totals = await kept.CountAsync(filter, cancellationToken);
        return (totals, totals?.Tasks ?? await tasks.CountAsync(filter, cancellationToken));
    }

    private Task<Rows> ReadAsync(ListTasksQuery query, Task<(TaskTotals? Totals, long? Counted)> counting, CancellationToken cancellationToken) =>
        (query.After ?? query.Before) is { } cursor
            ? ReadFromAsync(query, TaskCursor.Parse(cursor)!, cancellationToken)
            : ReadPageAsync(query, counting, cancellationToken);

    private async Task<Rows> ReadFromAsync(ListTasksQuery query, TaskCursor cursor, CancellationToken cancellationToken)
    {
        var backward = query.Before is not null;
        var (items, more) = await ReadAsync(query.Filter, backward ? query.Order.Reverse() : query.Order, cursor, 0, query.PerPage, cancellationToken);
        if (backward)
        {
            items.Reverse();
        }

        // On the other side there is the row that gave the cursor.
        return items.Count == 0 ? Rows.None : new Rows(items, HasNext: backward || more, HasPrevious: !backward || more, items.Count + 1);
    }

    private async Task<Rows> ReadPageAsync(
        ListTasksQuery query, Task<(TaskTotals? Totals, long? Counted)> counting, CancellationToken cancellationToken)
    {
        var skip = (query.Page - 1L) * query.PerPage;
        if (skip + query.PerPage <= ListTasksQuery.MaxDepth)
        {
            var (items, more) = await ReadAsync(query.Filter, query.Order, null, (int)skip, query.PerPage, cancellationToken);
            return items.Count == 0 ? Rows.None : new Rows(items, more, skip > 0, skip + items.Count + (more ? 1 : 0));
        }

        if ((await counting).Counted is { } total)
        {
            var take = (int)Math.Min(query.PerPage, total - skip);
            var skipFromEnd = total - skip - take;
            if (take <= 0)
            {
                return Rows.None;
            }

            if (skipFromEnd + take <= ListTasksQuery.MaxDepth)
            {
                var (items, _) = await ReadAsync(query.Filter, query.Order.Reverse(), null, (int)skipFromEnd, take, cancellationToken);
                items.Reverse();
                return items.Count == 0 ? Rows.None : new Rows(items, skipFromEnd > 0, HasPrevious: true, total);
            }
        }

        throw new ValidationException([new ValidationFailure(
            "page",
            $"page lies more than {ListTasksQuery.MaxDepth} rows from both ends of the list: follow next with after= instead, or narrow the filter.")]);
    }

    private async Task<(List<TaskSummary> Items, bool More)> ReadAsync(
        TaskFilter filter, TaskOrder order, TaskCursor? after, int skip, int take, CancellationToken cancellationToken)
    {
        // One more than asked for, to know whether there is more.
        var read = await tasks.ListAsync(filter, order, after, skip, take + 1, cancellationToken);
        return ([.. read.Take(take)], read.Count > take);
    }

    /// <param name="Items">The rows.</param>
    /// <param name="HasNext">Whether any follow them.</param>
    /// <param name="HasPrevious">Whether any precede them.</param>
    /// <param name="AtLeast">How many the list has at least.</param>
    private sealed record Rows(List<TaskSummary> Items, bool HasNext, bool HasPrevious, long AtLeast)
    {
        public static Rows None { get; } = new([], false, false, 0);
    }
}
