using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace GrooteDashboard.Performance.Measuring;

/// <summary>
/// The diagnostics port of a .NET process (https://github.com/dotnet/diagnostics/blob/main/documentation/design-docs/ipc-protocol.md):
/// every process has one, and needs nothing for it. Here it is used for one thing: a full garbage collection on demand, and what is alive after it.
/// </summary>
internal static class RuntimeDiagnostics
{
    private const string Provider = "Microsoft-Windows-DotNETRuntime";

    /// <summary>Collects at once, completely, when a session with it begins.</summary>
    private const ulong GcHeapCollect = 0x800000;

    /// <summary>Events of collections, their sizes among them.</summary>
    private const ulong Gc = 0x1;

    private const uint Informational = 4;
    private const byte EventPipe = 2;
    private const byte StopTracing = 1;
    private const byte CollectTracing = 2;
    private const byte ServerAnswer = 0xFF;
    private const uint BufferMegabytes = 16;
    private const uint NetTrace = 1;
    private const int HeaderSize = 20;

    private static readonly byte[] Magic = "DOTNET_IPC_V1\0"u8.ToArray();
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>Makes a process collect its whole heap. Returns when the condition says that it has.</summary>
    /// <param name="processId">The process.</param>
    /// <param name="hasCollected">Asked again and again.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task CollectAsync(int processId, Func<CancellationToken, Task<bool>> hasCollected, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Deadline);
        try
        {
            await CollectWithinAsync(processId, hasCollected, deadline.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Process {processId} has not collected within {Deadline.TotalSeconds} s.");
        }
    }

    private static async Task CollectWithinAsync(int processId, Func<CancellationToken, Task<bool>> hasCollected, CancellationToken deadline)
    {
        var (session, events) = await SendAsync(processId, CollectTracing, CollectRequest(), deadline);
        await using (events)
        {
            // The events themselves are not wanted, but have to be taken.
            var draining = events.CopyToAsync(Stream.Null, deadline);
            while (!await hasCollected(deadline))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), deadline);
            }

            var stop = new byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(stop, session);
            await (await SendAsync(processId, StopTracing, stop, deadline)).Answer.DisposeAsync();
            await draining;
        }
    }

    private static byte[] CollectRequest()
    {
        var request = new MemoryStream();
        using var writer = new BinaryWriter(request, Encoding.Unicode);
        writer.Write(BufferMegabytes);
        writer.Write(NetTrace);
        writer.Write(1u);
        writer.Write(Gc | GcHeapCollect);
        writer.Write(Informational);
        WriteText(writer, Provider);
        WriteText(writer, "");
        return request.ToArray();
    }

    /// <summary>Its length in characters with the zero at the end, then both.</summary>
    private static void WriteText(BinaryWriter writer, string text)
    {
        writer.Write((uint)text.Length + 1);
        writer.Write(Encoding.Unicode.GetBytes(text + '\0'));
    }

    private static async Task<(ulong Session, NetworkStream Answer)> SendAsync(
        int processId, byte command, byte[] payload, CancellationToken cancellationToken)
    {
        var path = Directory.GetFiles(Path.GetTempPath(), $"dotnet-diagnostic-{processId}-*-socket").FirstOrDefault()
            ?? throw new InvalidOperationException($"Process {processId} has no diagnostics port: is DOTNET_EnableDiagnostics=0 set?");
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            var stream = new NetworkStream(socket, ownsSocket: true);
            var request = new byte[HeaderSize + payload.Length];
            Magic.CopyTo(request, 0);
            BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(14), (ushort)request.Length);
            (request[16], request[17]) = (EventPipe, command);
            payload.CopyTo(request, HeaderSize);
            await stream.WriteAsync(request, cancellationToken);

            var header = new byte[HeaderSize];
            await stream.ReadExactlyAsync(header, cancellationToken);
            var answer = new byte[BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(14)) - HeaderSize];
            await stream.ReadExactlyAsync(answer, cancellationToken);
            return header[16] == ServerAnswer && header[17] == 0 && answer.Length >= sizeof(ulong)
                ? (BinaryPrimitives.ReadUInt64LittleEndian(answer), stream)
                : throw new InvalidOperationException($"The diagnostics port refused command {command}: {Convert.ToHexString(answer)}");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
