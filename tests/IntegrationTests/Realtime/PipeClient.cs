using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using GrooteDashboard.Api.Realtime;
using GrooteDashboard.Api.Realtime.Protocol;
using GrooteDashboard.Api.Realtime.Protocol.Commands;
using GrooteDashboard.Api.Realtime.Sockets;
using GrooteDashboard.Application.Identity.Ports;
using GrooteDashboard.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>A client without a network between: the server's writes wait as long as it does not read, not one byte earlier or later.</summary>
internal sealed class PipeClient : IAsyncDisposable
{
    private static ulong _count;

    private readonly Pipe _toServer = new();
    private readonly Pipe _toClient = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false));
    private readonly Task _serving;

    private PipeClient(HubHost host) => _serving = ServeAsync(host);

    public static async Task<PipeClient> JoinAsync(HubHost host)
    {
        var client = new PipeClient(host);
        Assert.That((await client.ReceiveAsync()).Type(), Is.EqualTo("connected"));
        return client;
    }

    public async Task SendAsync(object message) =>
        await _toServer.Writer.WriteAsync(ClientFrames.Encode(Opcode.Text, Encoding.UTF8.GetBytes(JsonSerializer.Serialize(message))));

    public Task SubscribeAsync(string channel, long? since = null) => SendAsync(Subscribe(channel, since));

    public static object Subscribe(string channel, long? since) => since is { } offset
        ? new { type = "subscribe", channel, since = new { epoch = HubHost.Epoch, offset } }
        : new { type = "subscribe", channel };

    public async Task<JsonElement> ReceiveAsync()
    {
        using var deadline = new CancellationTokenSource(Probe.Deadline);
        while (true)
        {
            var read = await _toClient.Reader.ReadAsync(deadline.Token);
            if (TryTake(read.Buffer, out var frame))
            {
                return frame;
            }

            Assert.That(read.IsCompleted, Is.False, "the server closed");
        }
    }

    /// <summary>Until something is there: from then on the server's write waits for this client to read.</summary>
    public async Task BlockServerAsync()
    {
        using var deadline = new CancellationTokenSource(Probe.Deadline);
        var read = await _toClient.Reader.ReadAsync(deadline.Token);
        _toClient.Reader.AdvanceTo(read.Buffer.Start);
    }

    /// <summary>The next frame if it is there already.</summary>
    public bool TryReceive(out JsonElement frame)
    {
        frame = default;
        return _toClient.Reader.TryRead(out var read) && TryTake(read.Buffer, out frame);
    }

    /// <summary>All frames up to the first that fulfils the condition, it included.</summary>
    public async Task<List<JsonElement>> CollectUntilAsync(Predicate<JsonElement> isLast)
    {
        var frames = new List<JsonElement>();
        do
        {
            frames.Add(await ReceiveAsync());
        }
        while (!isLast(frames[^1]));
        return frames;
    }

    public async ValueTask DisposeAsync()
    {
        await _toClient.Reader.CompleteAsync();
        await _toServer.Writer.CompleteAsync();
        await _serving.WaitAsync(Probe.Deadline);
    }

    private async Task ServeAsync(HubHost host)
    {
        var options = host.Services.GetRequiredService<IOptions<RealtimeOptions>>().Value;
        var transport = new PipeTransport(_toServer.Reader, _toClient.Writer, () =>
        {
            _toServer.Reader.CancelPendingRead();
            _toClient.Writer.CancelPendingFlush();
        });
        var access = new ConnectionAccess(host.Services.GetRequiredService<IAccessControl>(), options.AuthTimeout, TimeProvider.System);
        await access.AuthenticateAsync(null, CancellationToken.None);
        var connection = new Connection(
            Interlocked.Increment(ref _count),
            transport,
            host.Services.GetRequiredService<Fanout>().Next(),
            host.Services.GetRequiredService<ConnectionRegistry>(),
            options,
            host.Services.GetRequiredService<RealtimeMetrics>(),
            TimeProvider.System)
        {
            Access = access,
        };
        var protocol = new ClientProtocol(connection, host.Hub, options, TimeProvider.System, [], host.Services.GetRequiredService<ClientCommands>(), NullLogger.Instance);
        host.Hub.Add(connection);
        await connection.RunAsync(protocol, host.Hub.Remove);
    }

    private bool TryTake(ReadOnlySequence<byte> buffer, out JsonElement frame)
    {
        var reader = new SequenceReader<byte>(buffer);
        frame = default;
        if (!reader.TryRead(out var opcode) | !reader.TryRead(out var shortLength))
        {
            return Refuse();
        }

        long length = shortLength;
        if (shortLength == 126)
        {
            if (!reader.TryReadBigEndian(out short medium))
            {
                return Refuse();
            }

            length = (ushort)medium;
        }
        else if (shortLength == 127 && !reader.TryReadBigEndian(out length))
        {
            return Refuse();
        }

        if (reader.Remaining < length)
        {
            return Refuse();
        }

        Assert.That(opcode, Is.EqualTo(0x81), "a whole text frame");
        var payload = reader.UnreadSequence.Slice(0, length);
        frame = JsonElement.Parse(payload.ToArray());
        _toClient.Reader.AdvanceTo(payload.End);
        return true;

        bool Refuse()
        {
            _toClient.Reader.AdvanceTo(buffer.Start, buffer.End);
            return false;
        }
    }
}
