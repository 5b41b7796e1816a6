using System.Buffers;
using System.IO.Pipelines;
using GrooteDashboard.Application.Tasks.Queries;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>JSON that is sent piece by piece, however long it is; 304 where the client has this version.</summary>
internal sealed class JsonStreamResult(JsonStream json) : IResult
{
    private const int FlushBytes = 64 * 1024;

    public async Task ExecuteAsync(HttpContext context)
    {
        if (EntityTag.Tell(context, json.Version))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = "application/json; charset=utf-8";
        try
        {
            await WriteAsync(context.Response.BodyWriter, context.RequestAborted);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The reader left.
        }
    }

    private async Task WriteAsync(PipeWriter body, CancellationToken cancellationToken)
    {
        await foreach (var piece in json.Pieces.WithCancellation(cancellationToken))
        {
            body.Write(piece.Span);
            if (body.UnflushedBytes >= FlushBytes)
            {
                await body.FlushAsync(cancellationToken);
            }
        }

        await body.FlushAsync(cancellationToken);
    }
}
