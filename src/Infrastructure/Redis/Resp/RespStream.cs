using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using StackExchange.Redis;

namespace GrooteDashboard.Infrastructure.Redis.Resp;

/// <summary>Opens connections for threads that block on them: what the kernel wakes is the thread that reads, and nobody else.</summary>
internal static class RespStream
{
    /// <param name="configuration">TLS, if any.</param>
    /// <param name="endPoint">Where Redis is.</param>
    /// <param name="patience">For connecting, and for every write.</param>
    /// <param name="silence">How long a read waits at most.</param>
    /// <param name="cancellationToken">Ends connecting, not what comes after it.</param>
    /// <exception cref="SocketException">It cannot be reached.</exception>
    /// <exception cref="IOException">It cannot be reached by TLS.</exception>
    /// <exception cref="ObjectDisposedException">It took too long, or was cancelled.</exception>
    public static Stream Open(ConfigurationOptions configuration, EndPoint endPoint, TimeSpan patience, TimeSpan silence, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(patience);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = (int)silence.TotalMilliseconds,
            SendTimeout = (int)patience.TotalMilliseconds,
        };
        try
        {
            // Connecting without blocking would make the socket one that never blocks.
            using var abort = deadline.Token.Register(socket.Dispose);
            socket.Connect(endPoint);
            var stream = new NetworkStream(socket, ownsSocket: true);
            if (!configuration.Ssl)
            {
                return stream;
            }

            var secure = new SslStream(stream);
            secure.AuthenticateAsClient(new SslClientAuthenticationOptions
            {
                TargetHost = configuration.SslHost ?? (endPoint as DnsEndPoint)?.Host ?? ((IPEndPoint)endPoint).Address.ToString(),
                EnabledSslProtocols = configuration.SslProtocols ?? default,
            });
            return secure;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Writes a command: an array of strings, each a text or bytes.</summary>
    public static void WriteCommand(this IBufferWriter<byte> bytes, params ReadOnlySpan<object> words)
    {
        WriteNumber(bytes, '*', words.Length);
        foreach (var word in words)
        {
            if (word is byte[] raw)
            {
                WriteNumber(bytes, '$', raw.Length);
                bytes.Write(raw);
            }
            else
            {
                var text = (string)word;
                WriteNumber(bytes, '$', Encoding.UTF8.GetByteCount(text));
                Encoding.UTF8.GetBytes(text, bytes);
            }

            bytes.Write("\r\n"u8);
        }
    }

    private static void WriteNumber(IBufferWriter<byte> bytes, char kind, int number)
    {
        var line = bytes.GetSpan(16);
        line[0] = (byte)kind;
        number.TryFormat(line[1..], out var digits, provider: CultureInfo.InvariantCulture);
        "\r\n"u8.CopyTo(line[(1 + digits)..]);
        bytes.Advance(digits + 3);
    }
}
