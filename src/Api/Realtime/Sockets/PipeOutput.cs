using System.Buffers;
using System.IO.Pipelines;

namespace GrooteDashboard.Api.Realtime.Sockets;

/// <summary>Through a pipe, where there is more than a socket below it: TLS.</summary>
internal sealed class PipeOutput(PipeWriter pipe) : ITransportOutput
{
    private Task<FlushResult> _flush = Task.FromResult(default(FlushResult));

    public int TryWrite(ReadOnlySpan<byte> bytes)
    {
        if (!_flush.IsCompleted)
        {
            return 0;
        }

        pipe.Write(bytes);
        _flush = pipe.FlushAsync().AsTask();
        ThrowIfGone();
        return bytes.Length;
    }

    public async ValueTask<int> WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        await _flush;
        ThrowIfGone();
        return 0;
    }

    private void ThrowIfGone()
    {
        if (_flush.IsFaulted || (_flush.IsCompletedSuccessfully && _flush.Result is { IsCompleted: true } or { IsCanceled: true }))
        {
            throw new IOException("The peer takes nothing any more.");
        }
    }
}
