using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace GrooteDashboard.Api.Realtime.Sockets;

/// <summary>Through pipes, where there is more than a socket below: TLS.</summary>
internal sealed class PipeTransport(PipeReader input, PipeWriter output, Action abort) : ITransport
{
    private Task<FlushResult> _flush = Task.FromResult(default(FlushResult));

    public PipeReader Input => input;

    public Socket? Socket => null;

    public int TryWrite(ReadOnlySpan<byte> bytes)
    {
        if (!_flush.IsCompleted)
        {
            return 0;
        }

        output.Write(bytes);
        _flush = output.FlushAsync().AsTask();
        ThrowIfGone();
        return bytes.Length;
    }

    public async ValueTask<int> WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        await _flush;
        ThrowIfGone();
        return 0;
    }

    public void Abort() => abort();

    private void ThrowIfGone()
    {
        if (_flush.IsFaulted || (_flush.IsCompletedSuccessfully && _flush.Result is { IsCompleted: true } or { IsCanceled: true }))
        {
            throw new IOException("The peer takes nothing any more.");
        }
    }
}
