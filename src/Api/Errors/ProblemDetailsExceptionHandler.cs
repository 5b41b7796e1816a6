using System.Net.Sockets;
using System.Text.Json;
using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Domain.Common;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace GrooteDashboard.Api.Errors;

/// <summary>Every refusal and every failure becomes problem details (RFC 9457) here, and nowhere else.</summary>
internal sealed partial class ProblemDetailsExceptionHandler(IProblemDetailsService problems, ILogger<ProblemDetailsExceptionHandler> logger) : IExceptionHandler
{
    private const string RetryAfterSeconds = "2";

    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer.
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        var problem = Describe(exception);
        if (problem.Status == StatusCodes.Status500InternalServerError)
        {
            LogUnexpected(context.Request.Method, context.Request.Path, exception);
        }
        else if (problem.Status == StatusCodes.Status503ServiceUnavailable)
        {
            LogUnavailable(context.Request.Method, context.Request.Path, exception.GetType().Name);
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        }

        context.Response.StatusCode = problem.Status!.Value;
        return await problems.TryWriteAsync(new ProblemDetailsContext { HttpContext = context, ProblemDetails = problem });
    }

    private static ProblemDetails Describe(Exception exception) => exception switch
    {
        ValidationException invalid => Invalid(Group(invalid)),
        DomainRuleException { Code: "message_too_large" } tooLarge => Problem(StatusCodes.Status413PayloadTooLarge, tooLarge.Message),
        DomainRuleException rule => Problem(StatusCodes.Status409Conflict, rule.Message, ("code", rule.Code)),
        SearchTooSlowException =>
            Problem(StatusCodes.Status422UnprocessableEntity, "The search takes too long. Search for rarer or whole words, or in less."),
        ConcurrencyException => Problem(StatusCodes.Status409Conflict, "Somebody else changed this meanwhile; try again."),
        BadHttpRequestException { InnerException: JsonException json } when IsWellFormed(json) => Invalid(Field(json)),
        BadHttpRequestException { InnerException: JsonException } => Problem(StatusCodes.Status400BadRequest, "The request body is not valid JSON."),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => Problem(StatusCodes.Status413PayloadTooLarge, "The request body is too large."),
        BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType } =>
            Problem(StatusCodes.Status415UnsupportedMediaType, "The request body must be application/json."),
        BadHttpRequestException bad => Problem(bad.StatusCode, "The request is malformed."),
        InvalidOperationException { Source: "Microsoft.AspNetCore.Http.Extensions", InnerException: ArgumentException } =>
            Problem(StatusCodes.Status415UnsupportedMediaType, "The charset of the request body is not known."),
        _ when IsUnstorable(exception) =>
            Problem(StatusCodes.Status422UnprocessableEntity, "A value in the request is none that the store can hold."),
        _ when IsUnavailable(exception) =>
            Problem(StatusCodes.Status503ServiceUnavailable, "The service cannot reach its store just now; try again in a moment."),
        _ => Problem(StatusCodes.Status500InternalServerError, "Something went wrong on the server."),
    };

    /// <summary>Well-formed JSON of a wrong type carries no reader error inside.</summary>
    private static bool IsWellFormed(JsonException json) => json.InnerException is not JsonException && json.Path is not null;

    /// <summary>Class 22: a value that no column can hold, such as text with NUL or a number beyond all bounds.</summary>
    private static bool IsUnstorable(Exception exception) =>
        (exception as PostgresException ?? exception.InnerException as PostgresException)?.SqlState.StartsWith("22", StringComparison.Ordinal) is true;

    private static bool IsUnavailable(Exception exception) => exception switch
    {
        OperationCanceledException or TimeoutException or SocketException => true,
        PostgresException { SqlState: PostgresErrorCodes.UndefinedTable } => true,
        PostgresException postgres => postgres.IsTransient || postgres.SqlState == PostgresErrorCodes.QueryCanceled || postgres.SqlState.StartsWith("57", StringComparison.Ordinal),
        NpgsqlException => true,
        DbUpdateException or InvalidOperationException when exception.InnerException is { } inner => IsUnavailable(inner),
        _ => false,
    };

    private static Dictionary<string, string[]> Field(JsonException json) =>
        new() { [json.Path is { Length: > 2 } path ? path[2..] : "body"] = ["The value is of the wrong type."] };

    private static Dictionary<string, string[]> Group(ValidationException invalid) => invalid.Errors
        .GroupBy(failure => FieldName(failure.PropertyName))
        .ToDictionary(group => group.Key, group => group.Select(failure => failure.ErrorMessage).Distinct().ToArray());

    /// <summary>The name on the wire: <c>Report.CostUsd</c> is <c>cost_usd</c>.</summary>
    private static string FieldName(string property) => string.Join('.', property.Split('.')
        .Where(part => part != "Report")
        .Select(part => JsonNamingPolicy.SnakeCaseLower.ConvertName(part)));

    private static ProblemDetails Invalid(Dictionary<string, string[]> errors)
    {
        var problem = Problem(
            StatusCodes.Status422UnprocessableEntity, string.Join(' ', errors.SelectMany(error => error.Value.Select(message =>
                message.Contains(error.Key, StringComparison.Ordinal) ? message : $"{error.Key}: {message}"))));
        problem.Extensions["errors"] = errors;
        return problem;
    }

    private static ProblemDetails Problem(int status, string detail, params ReadOnlySpan<(string Name, object Value)> extensions)
    {
        var problem = new ProblemDetails { Status = status, Detail = detail };
        foreach (var (name, value) in extensions)
        {
            problem.Extensions[name] = value;
        }

        return problem;
    }

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed")]
    private partial void LogUnexpected(string method, PathString path, Exception exception);

    [LoggerMessage(LogLevel.Warning, "{Method} {Path} cannot be answered now: {Error}")]
    private partial void LogUnavailable(string method, PathString path, string error);
}
