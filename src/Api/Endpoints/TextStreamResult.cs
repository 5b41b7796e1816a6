using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>Text that is sent piece by piece as it comes, for as long as it lasts.</summary>
internal sealed class TextStreamResult(IAsyncEnumerable<string> pieces) : IResult
{
    /// <summary>Small pieces are joined up to this before they are sent, as long as more is at hand.</summary>
    private const int FlushBytes = 64 * 1024;

    public async Task ExecuteAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        // A reverse proxy must not hold it back.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        var body = context.Response.BodyWriter;
        await context.Response.StartAsync(context.RequestAborted);
        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            await WriteAsync(body, ending.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // A stopping server waits for its requests, and this one may have no end. Cut off, so that nobody takes it for the end of the text.
            context.Abort();
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The reader left, as readers of something endless do.
        }
    }

    private async Task WriteAsync(PipeWriter body, CancellationToken cancellationToken)
    {
        await using var reader = pieces.GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            var next = reader.MoveNextAsync();
            if (!next.IsCompleted && body.UnflushedBytes > 0)
            {
                await body.FlushAsync(cancellationToken);
            }

            if (!await next)
            {
                break;
            }

            Encoding.UTF8.GetBytes(reader.Current, body);
            if (body.UnflushedBytes >= FlushBytes)
            {
                await body.FlushAsync(cancellationToken);
            }
        }

        await body.FlushAsync(cancellationToken);
    }
}
