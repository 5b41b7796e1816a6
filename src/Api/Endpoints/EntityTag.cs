using System.Security.Cryptography;
using System.Text;
using Microsoft.Net.Http.Headers;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>ETags (RFC 9110) for clients that ask again and again: what has not changed is answered 304, without a body.</summary>
internal static class EntityTag
{
    private const int HexDigits = 32;

    /// <summary>Weak: it names what is said, not its bytes.</summary>
    public static EntityTagHeaderValue Of(string version) =>
        new($"\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(version)))[..HexDigits]}\"", isWeak: true);

    /// <summary>Says the version in the answer. The client keeps it and asks each time whether it is still the same.</summary>
    /// <returns>Whether the client has it already.</returns>
    public static bool Tell(HttpContext context, string version)
    {
        var tag = Of(version);
        context.Response.Headers.ETag = tag.ToString();
        context.Response.Headers.CacheControl = "private, no-cache";
        return EntityTagHeaderValue.TryParseList(context.Request.Headers.IfNoneMatch, out var known)
            && known.Any(one => one.Equals(EntityTagHeaderValue.Any) || one.Compare(tag, useStrongComparison: false));
    }
}
