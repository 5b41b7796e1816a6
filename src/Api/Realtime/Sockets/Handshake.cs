using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace GrooteDashboard.Api.Realtime.Sockets;

/// <summary>The opening handshake (RFC 6455, section 4.2).</summary>
internal static class Handshake
{
    private const string Guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private const string Version = "13";

    /// <summary>Why the request cannot become a WebSocket; null if it can.</summary>
    public static (int Status, string Detail)? Refusal(HttpContext context, IReadOnlyList<string> allowedOrigins)
    {
        var headers = context.Request.Headers;
        if (context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true }
            || !HasToken(headers, HeaderNames.Connection, "Upgrade")
            || !HasToken(headers, HeaderNames.Upgrade, "websocket"))
        {
            return (StatusCodes.Status426UpgradeRequired, "This address speaks WebSocket over HTTP/1.1 only.");
        }

        if (headers.SecWebSocketVersion != Version)
        {
            return (StatusCodes.Status426UpgradeRequired, "Sec-WebSocket-Version must be 13.");
        }

        if (!IsKey(headers.SecWebSocketKey.ToString()))
        {
            return (StatusCodes.Status400BadRequest, "Sec-WebSocket-Key must be 16 bytes in Base64.");
        }

        return headers.Origin.Count == 0 || IsAllowed(headers.Origin.ToString(), context.Request.Host, allowedOrigins)
            ? null
            : (StatusCodes.Status403Forbidden, "Pages of this origin may not connect.");
    }

    /// <summary>What a refused client needs to know to do better.</summary>
    public static void DescribeUpgrade(IHeaderDictionary headers)
    {
        headers.Upgrade = "websocket";
        headers.Connection = "Upgrade";
        headers.SecWebSocketVersion = Version;
    }

    /// <summary>Switches protocols; from here on the stream is ours.</summary>
    /// <param name="context">The request.</param>
    /// <param name="subprotocol">The one that is selected of those that the client offers, if any.</param>
    /// <param name="extensions">Those that were agreed on, if any.</param>
    public static Task<Stream> AcceptAsync(HttpContext context, string? subprotocol = null, string? extensions = null)
    {
        // Without a value there is no header.
        context.Response.Headers.SecWebSocketProtocol = subprotocol;
        context.Response.Headers.SecWebSocketExtensions = extensions;
        context.Response.Headers.Upgrade = "websocket";
        context.Response.Headers.Connection = "Upgrade";
        context.Response.Headers.SecWebSocketAccept = AcceptValue(context.Request.Headers.SecWebSocketKey.ToString());
        return context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
    }

    public static string AcceptValue(string key) =>
#pragma warning disable CA5350 // SHA-1 is what the RFC asks for; nothing is protected by it.
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + Guid)));
#pragma warning restore CA5350

    private static bool HasToken(IHeaderDictionary headers, string name, string token) =>
        headers.GetCommaSeparatedValues(name).Contains(token, StringComparer.OrdinalIgnoreCase);

    private static bool IsKey(string key)
    {
        Span<byte> bytes = stackalloc byte[24];
        return key.Length == 24 && Convert.TryFromBase64String(key, bytes, out var length) && length == 16;
    }

    private static bool IsAllowed(string origin, HostString host, IReadOnlyList<string> allowedOrigins) =>
        allowedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase)
        || (Uri.TryCreate(origin, UriKind.Absolute, out var page)
            && Uri.TryCreate($"{page.Scheme}://{host.Value}", UriKind.Absolute, out var self)
            && page.Authority.Equals(self.Authority, StringComparison.OrdinalIgnoreCase));
}
