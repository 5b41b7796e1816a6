using System.Globalization;
using FluentValidation;
using FluentValidation.Results;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Application.Tasks.Search;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Queries;

/// <summary>Full-text search over tasks, newest first, the newest 1,000 hits at most.</summary>
/// <param name="Text">What is searched for (<see cref="SearchExpression"/>).</param>
/// <param name="Parts">Where: input, output, result, error; empty for everywhere.</param>
/// <param name="Filter">Of which tasks.</param>
/// <param name="After">What the page before said; null for the first one.</param>
/// <param name="PerPage">Hits on a page.</param>
public sealed record SearchTasksQuery(string Text, IReadOnlyList<string> Parts, TaskFilter Filter, string? After, int PerPage) : IQuery<TaskSearchPage>
{
    public const int MaxPerPage = MaxHits;
    public const int MaxHits = 1_000;

    public static IReadOnlyList<string> AllParts { get; } = ["input", "output", "result", "error"];
}

internal sealed class SearchTasksValidator : AbstractValidator<SearchTasksQuery>
{
    public SearchTasksValidator()
    {
        RuleFor(q => q.Text).MaximumLength(SearchExpression.MaxLength).WithName("q");
        RuleFor(q => q.Text).Custom((text, context) =>
        {
            if (text.Length <= SearchExpression.MaxLength && SearchExpression.Parse(text, out var reason) is null)
            {
                context.AddFailure("q", reason);
            }
        });
        RuleFor(q => q.PerPage).InclusiveBetween(1, SearchTasksQuery.MaxPerPage).WithName("per_page");
        RuleFor(q => q.Parts).Must(parts => parts.Count <= SearchTasksQuery.AllParts.Count && parts.All(SearchTasksQuery.AllParts.Contains))
            .OverridePropertyName("in").WithMessage("in must be any of input, output, result, error.");
        RuleFor(q => q.After).Must(after => after is null || SearchCursor.Parse(after) is not null).OverridePropertyName("after")
            .WithMessage("after is none that this search gave.");
        RuleFor(q => q.Filter).SetValidator(new TaskFilterValidator()).OverridePropertyName("");
    }
}

internal sealed class SearchTasksHandler(ITaskSearch search) : IRequestHandler<SearchTasksQuery, TaskSearchPage>
{
    public async Task<TaskSearchPage> Handle(SearchTasksQuery query, CancellationToken cancellationToken)
    {
        var expression = SearchExpression.Parse(query.Text, out var reason) ?? throw Refused(reason);
        var cursor = query.After is null ? null : SearchCursor.Parse(query.After);
        var limit = Math.Min(query.PerPage, SearchTasksQuery.MaxHits - (cursor?.Hits ?? 0));
        var hits = await search.FindAsync(expression, query.Parts, query.Filter, cursor?.Before, limit, cancellationToken);
        var seen = (cursor?.Hits ?? 0) + hits.Items.Count;
        var next = hits.Last is { } last && seen < SearchTasksQuery.MaxHits ? new SearchCursor(last, seen).ToString() : null;
        return new TaskSearchPage(hits.Items, next, hits.Complete);
    }

    private static ValidationException Refused(string reason) => new([new ValidationFailure("q", reason)]);
}

/// <summary>A place in the hits.</summary>
/// <param name="Before">The search goes on before it.</param>
/// <param name="Hits">So many have been given.</param>
internal sealed record SearchCursor(long Before, int Hits)
{
    public static SearchCursor? Parse(string text) =>
        text.Split('.') is [var before, var hits]
        && long.TryParse(before, NumberStyles.None, CultureInfo.InvariantCulture, out var place)
        && int.TryParse(hits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and < SearchTasksQuery.MaxHits
            ? new SearchCursor(place, count)
            : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Before}.{Hits}");
}
