using System.ComponentModel.DataAnnotations;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using FluentValidation;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Domain.Common;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Commands;

/// <summary>
/// A producer brings output over HTTP. Answered when it is stored. It is no unit of work of its own: the log stores what it takes.
/// </summary>
/// <param name="TaskId">The task; created where it does not exist.</param>
/// <param name="Chunks">The output, in order.</param>
public sealed record AppendOutputCommand(string TaskId, IReadOnlyList<OutputChunk> Chunks) : IRequest<AppendReceipt>
{
    public const int MaxChunks = 1_000;
}

/// <param name="Output">The text.</param>
/// <param name="Kind">One of the kinds of output.</param>
/// <param name="Id">The producer's id: taken once per task.</param>
/// <param name="Timestamp">When it was written; null for now.</param>
/// <param name="Data">A JSON object with structured parts, at most 256 KB.</param>
public sealed record OutputChunk(
    [property: MaxLength(LogText.MaxMessageBytes)] string Output,
    [property: AllowedValues(OutputKinds.Output, OutputKinds.Thinking, OutputKinds.ToolCall, OutputKinds.ToolResult, OutputKinds.System)] string? Kind = null,
    [property: Length(1, LogEntry.MaxSourceIdLength)] string? Id = null,
    DateTimeOffset? Timestamp = null,
    JsonElement? Data = null);

internal sealed class AppendOutputValidator : AbstractValidator<AppendOutputCommand>
{
    public AppendOutputValidator()
    {
        RuleFor(c => c.TaskId).Must(id => Identifier.IsValid(id)).WithName("task_id").WithMessage("task_id is not a valid id.");
        RuleFor(c => c.Chunks).Must(chunks => chunks?.Count is >= 1 and <= AppendOutputCommand.MaxChunks).WithName("chunks")
            .WithMessage($"chunks must hold 1 to {AppendOutputCommand.MaxChunks} chunks.");
        RuleForEach(c => c.Chunks).NotNull().ChildRules(chunk =>
        {
            chunk.RuleFor(c => c.Output).NotNull().WithName("output").WithMessage("output is required.");
            chunk.RuleFor(c => c.Kind).Must(kind => kind is null || OutputKinds.All.Contains(kind)).WithName("kind")
                .WithMessage("kind must be one of output, thinking, tool_call, tool_result, system.");
            chunk.RuleFor(c => c.Id).Length(1, LogEntry.MaxSourceIdLength).WithName("id");
            chunk.RuleFor(c => c.Data).Must(data => data is null || data.Value.ValueKind == JsonValueKind.Object)
                .WithName("data").WithMessage("data must be an object.");
            chunk.RuleFor(c => c.Data).Must(data => data is null || JsonMarshal.GetRawUtf8Value(data.Value).Length <= LogText.MaxChunkBytes)
                .WithName("data").WithMessage($"data must be at most {LogText.MaxChunkBytes} bytes.");
        }).OverridePropertyName("chunks");
    }
}

internal sealed class AppendOutputHandler(ITaskLog log, TaskLogMetrics metrics, TimeProvider time) : IRequestHandler<AppendOutputCommand, AppendReceipt>
{
    public const string MessageTooLarge = "message_too_large";

    public async Task<AppendReceipt> Handle(AppendOutputCommand command, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (command.Chunks.FirstOrDefault(IsTooLarge) is { } tooLarge)
        {
            await RefuseAsync(command.TaskId, Encoding.UTF8.GetByteCount(tooLarge.Output), now, cancellationToken);
        }

        var entries = command.Chunks.Where(chunk => chunk.Output.Length > 0)
            .Select(chunk => new OutputEntry(chunk.Timestamp?.ToUniversalTime() ?? now, chunk.Id is { } id ? LogText.Clean(id) : null, chunk.Kind ?? OutputKinds.Output, chunk.Output, Clean(chunk.Data)))
            .ToList();
        var stored = await log.AppendAsync([new LogAppend(command.TaskId, entries)], cancellationToken);
        return await stored.WaitAsync(cancellationToken);
    }

    private static JsonElement? Clean(JsonElement? data) => data is { } json ? JsonElement.Parse(LogText.RepairEscapes(json.GetRawText())) : null;

    private static bool IsTooLarge(OutputChunk chunk) =>
        chunk.Output.Length > LogText.MaxMessageBytes / 3 && Encoding.UTF8.GetByteCount(chunk.Output) > LogText.MaxMessageBytes;

    /// <summary>Refused, but not in silence: the log says that something is missing here.</summary>
    private async Task RefuseAsync(string taskId, int bytes, DateTimeOffset now, CancellationToken cancellationToken)
    {
        metrics.Refused();
        var line = new OutputEntry(now, null, OutputKinds.System, LogText.RefusedLine(bytes));
        await (await log.AppendAsync([new LogAppend(taskId, [line])], cancellationToken)).WaitAsync(cancellationToken);
        throw new DomainRuleException(MessageTooLarge, $"A message of {bytes} bytes is too large: the limit is {LogText.MaxMessageBytes} bytes.");
    }
}
