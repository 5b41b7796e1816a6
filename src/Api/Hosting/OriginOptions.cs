namespace GrooteDashboard.Api.Hosting;

/// <summary>Pages of other servers that may use this one: <c>CORS_ORIGINS</c>, split on commas, as the existing system reads it.</summary>
public sealed class OriginOptions
{
    public IReadOnlySet<string> Allowed { get; set; } = new HashSet<string>();

    /// <summary>Whether the request names no origin, this server's own, or an allowed one.</summary>
    public bool IsAllowed(HttpRequest request) =>
        request.Headers.Origin is not [{ Length: > 0 } origin] || Allowed.Contains(origin) || IsOwn(origin, request);

    public static IReadOnlySet<string> Parse(string? origins) =>
        (origins ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToHashSet(StringComparer.OrdinalIgnoreCase);

    private static bool IsOwn(string origin, HttpRequest request) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && string.Equals(uri.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase);
}
