using System.Text;
using FluentValidation;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Domain.Common;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Commands;

/// <summary>
/// A producer pipes text, for as long as it lasts. Lines enter the log as they come; what stands without an end of line enters after a
/// moment, so that a prompt is seen. Invalid UTF-8 becomes U+FFFD. Answered when everything is stored.
/// </summary>
/// <param name="TaskId">The task; created where it does not exist.</param>
/// <param name="Text">UTF-8 text, read to its end.</param>
/// <param name="Kind">One of the kinds of output.</param>
public sealed record AppendTextCommand(string TaskId, Stream Text, string Kind) : IRequest<AppendReceipt>;

internal sealed class AppendTextValidator : AbstractValidator<AppendTextCommand>
{
    public AppendTextValidator()
    {
        RuleFor(c => c.TaskId).Must(id => Identifier.IsValid(id)).WithName("task_id").WithMessage("task_id is not a valid id.");
        RuleFor(c => c.Kind).Must(OutputKinds.All.Contains).WithName("kind")
            .WithMessage("kind must be one of output, thinking, tool_call, tool_result, system.");
    }
}

internal sealed class AppendTextHandler(ITaskLog log, TimeProvider time) : IRequestHandler<AppendTextCommand, AppendReceipt>
{
    private const int BufferBytes = 64 * 1024;
    private static readonly TimeSpan PartialLinePatience = TimeSpan.FromMilliseconds(100);

    /// <summary>How long the last words of a producer that is gone wait for room in the log.</summary>
    private static readonly TimeSpan LastWordsPatience = TimeSpan.FromSeconds(10);

    public async Task<AppendReceipt> Handle(AppendTextCommand command, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        // Keeps the bytes of a character that is cut by a read.
        var decoder = Encoding.UTF8.GetDecoder();
        var chars = new char[Encoding.UTF8.GetMaxCharCount(BufferBytes)];
        var pending = new StringBuilder();
        var accepted = 0;
        var stored = Task.FromResult(default(AppendReceipt));
        try
        {
            while (true)
            {
                var read = command.Text.ReadAsync(buffer, cancellationToken).AsTask();
                if (pending.Length > 0 && !await CompletesSoonAsync(read, cancellationToken))
                {
                    await AppendAsync(pending.Length, cancellationToken);
                }

                var bytes = await read;
                pending.Append(chars.AsSpan(0, decoder.GetChars(buffer.AsSpan(0, bytes), chars, flush: bytes == 0)));
                if (bytes == 0)
                {
                    break;
                }

                await AppendAsync(pending.Length >= BufferBytes ? pending.Length : LengthOfWholeLines(pending), cancellationToken);
            }

            await AppendAsync(pending.Length, cancellationToken);
        }
        catch
        {
            // The producer was cut off: what it wrote is kept all the same, though its own token is cancelled by now.
            using var patience = new CancellationTokenSource(LastWordsPatience, time);
            await AppendAsync(pending.Length, patience.Token);
            throw;
        }

        var last = await stored.WaitAsync(cancellationToken);
        return last with { Accepted = accepted, Duplicates = 0 };

        async Task AppendAsync(int length, CancellationToken waiting)
        {
            if (length == 0)
            {
                return;
            }

            var entry = new OutputEntry(time.GetUtcNow(), null, command.Kind, pending.ToString(0, length));
            stored = await log.AppendAsync([new LogAppend(command.TaskId, [entry])], waiting);
            pending.Remove(0, length);
            accepted++;
        }
    }

    private async Task<bool> CompletesSoonAsync(Task read, CancellationToken cancellationToken)
    {
        try
        {
            await read.WaitAsync(PartialLinePatience, time, cancellationToken);
            return true;
        }
        catch (TimeoutException) when (!read.IsCompleted)
        {
            return false;
        }
    }

    private static int LengthOfWholeLines(StringBuilder text)
    {
        for (var i = text.Length - 1; i >= 0; i--)
        {
            if (text[i] == '\n')
            {
                return i + 1;
            }
        }

        return 0;
    }
}
