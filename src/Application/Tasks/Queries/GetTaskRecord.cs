using System.Runtime.CompilerServices;
using System.Text;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Ports;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Queries;

/// <summary>A part of a task's record, or all of them; null where there is none.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Part">The part; null for an object of all parts that there are.</param>
public sealed record GetTaskRecordQuery(string TaskId, TaskRecordPart? Part) : IQuery<JsonStream?>;

/// <summary>JSON that is written piece by piece.</summary>
/// <param name="Version">Changes with the content.</param>
/// <param name="Pieces">UTF-8; each piece is good only until the next one is asked for.</param>
public sealed record JsonStream(string Version, IAsyncEnumerable<ReadOnlyMemory<byte>> Pieces);

internal sealed class GetTaskRecordHandler(TaskRecords records) : IRequestHandler<GetTaskRecordQuery, JsonStream?>
{
    private static readonly ReadOnlyMemory<byte> Comma = ","u8.ToArray();
    private static readonly ReadOnlyMemory<byte> ArrayStart = "["u8.ToArray();
    private static readonly ReadOnlyMemory<byte> ArrayEnd = "]"u8.ToArray();
    private static readonly ReadOnlyMemory<byte> ObjectEnd = "}"u8.ToArray();

    public async Task<JsonStream?> Handle(GetTaskRecordQuery query, CancellationToken cancellationToken)
    {
        var record = await records.FindAsync(query.TaskId, cancellationToken);
        if (query.Part is not { } part)
        {
            return record is null ? null : new JsonStream(record.Version, AllAsync(record, cancellationToken));
        }

        if (part.IsList())
        {
            return record?.Has(part) is true ? new JsonStream(record.Version, ListAsync(record, part, cancellationToken))
                // Nothing was said to it, or asked by it: mostly there is nothing.
                : part is TaskRecordPart.UserInputs or TaskRecordPart.KnowledgeInteractions ? new JsonStream("none", Empty())
                : null;
        }

        return record is not null && await record.ReadObjectAsync(part, cancellationToken) is { } json ? new JsonStream(record.Version, One(json)) : null;
    }

    internal static async IAsyncEnumerable<ReadOnlyMemory<byte>> ListAsync(
        ITaskRecord record, TaskRecordPart part, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return ArrayStart;
        var first = true;
        await foreach (var item in record.ReadItemsAsync(part, cancellationToken))
        {
            if (!first)
            {
                yield return Comma;
            }

            first = false;
            yield return item;
        }

        yield return ArrayEnd;
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> AllAsync(ITaskRecord record, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var before = "{";
        foreach (var part in TaskRecordParts.All.Where(record.Has))
        {
            var start = Encoding.UTF8.GetBytes($"{before}\"{part.Name()}\":");
            if (part.IsList())
            {
                yield return start;
                await foreach (var piece in ListAsync(record, part, cancellationToken))
                {
                    yield return piece;
                }
            }
            else if (await record.ReadObjectAsync(part, cancellationToken) is { } json)
            {
                yield return start;
                yield return json;
            }
            else
            {
                continue;
            }

            before = ",";
        }

        yield return before == "{" ? "{}"u8.ToArray() : ObjectEnd;
    }

#pragma warning disable CS1998 // What is at hand needs no waiting, and is streamed like the rest.
    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> One(ReadOnlyMemory<byte> json)
    {
        yield return json;
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> Empty()
    {
        yield return "[]"u8.ToArray();
    }
#pragma warning restore CS1998
}
