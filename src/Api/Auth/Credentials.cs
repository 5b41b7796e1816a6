using System.Net.Http.Headers;
using Microsoft.Net.Http.Headers;

namespace GrooteDashboard.Api.Auth;

/// <summary>What a request shows of its sender. The address may hold secrets, which is why it is in no log (see <see cref="SecretAddresses"/>).</summary>
internal static class Credentials
{
    /// <summary>The subprotocol that carries a token, for browsers, whose WebSockets send no headers of the page's choice.</summary>
    public const string Subprotocol = "bearer";

    private const string Scheme = "Bearer";

    /// <summary><c>Authorization: Bearer …</c>; null where there is none. Another scheme is for others on the way.</summary>
    public static string? Bearer(HttpRequest request) =>
        AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out var header)
        && header.Scheme.Equals(Scheme, StringComparison.OrdinalIgnoreCase)
        && header.Parameter is { Length: > 0 } token
            ? token
            : null;

    /// <summary>A token by any of the ways that an opening handshake has: the header, the subprotocols <c>bearer, …</c>, <c>?token=</c>.</summary>
    public static string? ForConnection(HttpRequest request) => Bearer(request) ?? FromSubprotocols(request) ?? FromQuery(request, "token");

    /// <summary><c>?ticket=</c>, or null.</summary>
    public static string? Ticket(HttpRequest request) => FromQuery(request, "ticket");

    /// <summary>Whether the client offers the subprotocol: then it wants it to be selected.</summary>
    public static bool OffersSubprotocol(HttpRequest request) => Subprotocols(request).Contains(Subprotocol, StringComparer.Ordinal);

    private static string? FromSubprotocols(HttpRequest request) => Subprotocols(request) is [Subprotocol, { Length: > 0 } token] ? token : null;

    private static string[] Subprotocols(HttpRequest request) => request.Headers.GetCommaSeparatedValues(HeaderNames.SecWebSocketProtocol);

    private static string? FromQuery(HttpRequest request, string name) => request.Query[name] is [{ Length: > 0 } value] ? value : null;
}
