using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using CsvHelper;
using CsvHelper.Configuration;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Domain.Tasks;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>Tasks as a file, written as they are read. Whoever leaves ends the reading; a file that takes too long is broken off, so that nobody takes it for whole.</summary>
internal sealed class TaskExportResult(IAsyncEnumerable<TaskSummary> tasks, bool asCsv) : IResult
{
    private const int FlushLength = 64 * 1024;

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(15);

    /// <summary>A text that begins as a formula does gets an apostrophe, so that no spreadsheet computes it.</summary>
    private static readonly CsvConfiguration Csv = new(CultureInfo.InvariantCulture) { NewLine = "\r\n", InjectionOptions = InjectionOptions.Escape };

    private static readonly string[] Columns =
    [
        "task_id", "status", "assigned_agent", "agent_type", "source", "session_id", "user_id", "created_at", "started_at", "completed_at", "cost_usd",
        "input_tokens", "output_tokens", "duration_seconds", "turnaround_seconds", "conversation_id", "flow_id", "parent_task_id", "input_message",
    ];

    public async Task ExecuteAsync(HttpContext context)
    {
        var services = context.RequestServices;
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var name = string.Create(CultureInfo.InvariantCulture, $"tasks-{now.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}.{(asCsv ? "csv" : "ndjson")}");
        context.Response.ContentType = asCsv ? "text/csv; charset=utf-8" : "application/x-ndjson; charset=utf-8";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}\"";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";

        var stopping = services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        ending.CancelAfter(Deadline);
        try
        {
            await (asCsv
                ? WriteCsvAsync(context.Response.BodyWriter, ending.Token)
                : WriteJsonAsync(context.Response.BodyWriter, services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions, ending.Token));
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            context.Abort();
        }
    }

    private static IEnumerable<string?> Cells(TaskSummary task) =>
    [
        task.TaskId, task.Status.Name(), task.AssignedAgent, task.AgentType, task.Source, task.SessionId, task.UserId, Show(task.CreatedAt), Show(task.StartedAt),
        Show(task.CompletedAt), task.CostUsd.ToString(CultureInfo.InvariantCulture), task.InputTokens.ToString(CultureInfo.InvariantCulture),
        task.OutputTokens.ToString(CultureInfo.InvariantCulture), task.DurationSeconds?.ToString(CultureInfo.InvariantCulture),
        task.TurnaroundSeconds?.ToString(CultureInfo.InvariantCulture), task.ConversationId, task.FlowId, task.ParentTaskId, task.InputMessage,
    ];

    private static string? Show(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);

    private async Task WriteCsvAsync(PipeWriter body, CancellationToken cancellationToken)
    {
        await using var text = new StringWriter(CultureInfo.InvariantCulture);
        await using var csv = new CsvWriter(text, Csv, leaveOpen: true);
        foreach (var column in Columns)
        {
            csv.WriteField(column);
        }

        await csv.NextRecordAsync();
        await foreach (var task in tasks.WithCancellation(cancellationToken))
        {
            foreach (var cell in Cells(task))
            {
                csv.WriteField(cell);
            }

            await csv.NextRecordAsync();
            if (text.GetStringBuilder().Length >= FlushLength)
            {
                await SendAsync();
            }
        }

        await csv.FlushAsync();
        await SendAsync();

        async Task SendAsync()
        {
            // As one text: a chunk may end in the middle of a character.
            Encoding.UTF8.GetBytes(text.ToString(), body);
            text.GetStringBuilder().Clear();
            await body.FlushAsync(cancellationToken);
        }
    }

    private async Task WriteJsonAsync(PipeWriter body, JsonSerializerOptions options, CancellationToken cancellationToken)
    {
        await using var json = new Utf8JsonWriter(body);
        await foreach (var task in tasks.WithCancellation(cancellationToken))
        {
            JsonSerializer.Serialize(json, task, options);
            await json.FlushAsync(cancellationToken);
            json.Reset();
            body.Write("\n"u8);
            if (body.UnflushedBytes >= FlushLength)
            {
                await body.FlushAsync(cancellationToken);
            }
        }

        await body.FlushAsync(cancellationToken);
    }
}
