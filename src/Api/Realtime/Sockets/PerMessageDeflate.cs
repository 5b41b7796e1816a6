using System.Globalization;
using System.IO.Compression;
using Microsoft.Extensions.Primitives;

namespace GrooteDashboard.Api.Realtime.Sockets;

/// <summary>
/// Compression of messages (RFC 7692), each by itself: without context from one to the next a compressed frame can be shared by everyone who gets it,
/// and an idle connection holds no window of what was said before.
/// </summary>
internal static class PerMessageDeflate
{
    private const string Name = "permessage-deflate";
    private const string NoServerContext = "server_no_context_takeover";
    private const string NoClientContext = "client_no_context_takeover";
    private const string ServerWindow = "server_max_window_bits";
    private const string ClientWindow = "client_max_window_bits";
    private const int MinWindowBits = 8;

    /// <summary>What the platform compresses with, and cannot make smaller.</summary>
    private const int WindowBits = 15;

    /// <summary>What a sender leaves away from the end of a message (section 7.2.1).</summary>
    private static readonly byte[] Flushed = [0x00, 0x00, 0xFF, 0xFF];

    /// <summary>Put back, and an empty last block after it: the data ends properly.</summary>
    private static readonly byte[] End = [.. Flushed, 0x03, 0x00];

    /// <summary>The answer to the first offer that can be met; null if there is none.</summary>
    /// <param name="offers">Values of <c>Sec-WebSocket-Extensions</c>.</param>
    public static string? Negotiate(StringValues offers)
    {
        foreach (var offer in offers.SelectMany(value => (value ?? "").Split(',')))
        {
            if (TryAccept(offer, out var answer))
            {
                return answer;
            }
        }

        return null;
    }

    /// <summary>Compresses one message; it is longer than before where it holds nothing that repeats.</summary>
    public static ReadOnlySpan<byte> Deflate(ReadOnlySpan<byte> message)
    {
        var deflated = new MemoryStream(message.Length);
        using var deflater = new DeflateStream(deflated, CompressionLevel.Fastest, leaveOpen: true);
        deflater.Write(message);
        deflater.Flush();
        return deflated.GetBuffer().AsSpan(0, (int)deflated.Length - Flushed.Length);
    }

    /// <summary>Opens a message for reading what it was before; reading throws <see cref="InvalidDataException"/> where it is none that was compressed.</summary>
    public static Stream Inflate(ReadOnlySpan<byte> message) => new DeflateStream(new MemoryStream([.. message, .. End]), CompressionMode.Decompress);

    private static bool TryAccept(string offer, out string answer)
    {
        answer = $"{Name}; {NoServerContext}; {NoClientContext}";
        var parts = offer.Split(';', StringSplitOptions.TrimEntries);
        if (parts[0] != Name)
        {
            return false;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var parameter in parts.Skip(1))
        {
            var (name, value) = parameter.Split('=', 2, StringSplitOptions.TrimEntries) is [var left, var right] ? (left, Unquote(right)) : (parameter, null);
            var isMet = name switch
            {
                NoServerContext or NoClientContext => value is null,
                ServerWindow => value is not null && TryReadBits(value, out var bits) && bits == WindowBits,
                ClientWindow => value is null || TryReadBits(value, out _),
                _ => false,
            };
            if (!isMet || !seen.Add(name))
            {
                return false;
            }

            answer += name == ServerWindow ? $"; {ServerWindow}={value}" : "";
        }

        return true;
    }

    private static string Unquote(string value) => value is ['"', .., '"'] ? value[1..^1] : value;

    private static bool TryReadBits(string value, out int bits) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out bits) && bits is >= MinWindowBits and <= WindowBits && value[0] != '0';
}
