using FluentValidation;
using GrooteDashboard.Application.Analytics.Contracts;

namespace GrooteDashboard.Application.Analytics;

/// <summary>What every question about analytics has to keep to.</summary>
internal static class ScopeRules
{
    /// <summary>Of combined dimensions a day that is cut has to be read task by task: the two ends, and the days of a summary.</summary>
    private const int MaxCutDays = 4;

    public static void ScopeIsSound<T>(this AbstractValidator<T> validator, Func<T, AnalyticsScope> scope, TimeProvider time)
    {
        validator.RuleFor(query => query).Custom((query, context) =>
        {
            var (from, to, _, filters) = scope(query);
            var now = time.GetUtcNow();
            if (from is { } start && start >= (to ?? now))
            {
                context.AddFailure(to is null ? "from" : "to", to is null ? "from must not be in the future." : "to must be after from.");
            }
            else if (from > now)
            {
                context.AddFailure("from", "from must not be in the future.");
            }
            else if ((to ?? now) - from > TimeSpan.FromDays(AnalyticsScope.MaxDays) || to - now > TimeSpan.FromDays(AnalyticsScope.MaxDays))
            {
                context.AddFailure("from", $"A range must not be longer than {AnalyticsScope.MaxDays} days.");
            }
            else if (to < TimeRange.Beginning)
            {
                context.AddFailure("to", "to must be after 1970-01-01.");
            }

            if (filters.Values.Any(values => values.Count > AnalyticsScope.MaxValues))
            {
                context.AddFailure("filters", $"A filter must not name more than {AnalyticsScope.MaxValues} values.");
            }
        });
    }

    public static void CanBeCombined<T>(this AbstractValidator<T> validator, Func<T, AnalyticsScope> scope, Func<T, Dimension?> by) =>
        validator.RuleFor(query => query).Must(query => new TaskQuestion([], by(query) ?? Dimension.All, scope(query).Filters).CanBeAnswered).OverridePropertyName("by")
            .WithMessage("Filters and by together may name two of agent, agent_type, source, model and status, or user alone.");

    public static void PeriodFits<T>(this AbstractValidator<T> validator, Func<T, AnalyticsScope> scope, Func<T, Dimension?> by, Func<T, Period> period, Func<T, TimeSpan> length, TimeProvider time)
    {
        validator.RuleFor(query => query).Custom((query, context) =>
        {
            var range = TimeRange.Of(scope(query), time.GetUtcNow(), length(query));
            if ((range.To - range.From) / Calendar.LengthOf(period(query)) > AnalyticsScope.MaxBuckets)
            {
                context.AddFailure("period", $"These are more than {AnalyticsScope.MaxBuckets} points: ask for a longer period or a shorter range.");
                return;
            }

            if (new TaskQuestion([], by(query) ?? Dimension.All, scope(query).Filters).IsByDay && range.To > range.From)
            {
                var starts = Calendar.Starts(range.From, range.To, period(query), scope(query).Zone);
                if (starts.Skip(1).Count(start => start.UtcTicks % TimeSpan.TicksPerDay != 0) > MaxCutDays)
                {
                    context.AddFailure("period", "Users and combined dimensions are kept by days of UTC: ask with period day, week or month, in the zone UTC.");
                }
            }
        });
    }

    public static void TopIsSound<T>(this AbstractValidator<T> validator, Func<T, int> top) =>
        validator.RuleFor(query => query).Must(query => top(query) is >= 1 and <= AnalyticsScope.MaxTop).OverridePropertyName("top")
            .WithMessage($"top must be between 1 and {AnalyticsScope.MaxTop}.");
}
