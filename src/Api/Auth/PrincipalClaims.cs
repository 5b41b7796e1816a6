using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Claims;
using GrooteDashboard.Application.Identity.Contracts;

namespace GrooteDashboard.Api.Auth;

/// <summary>A principal as ASP.NET's policies see it, and back.</summary>
internal static class PrincipalClaims
{
    private static readonly ConditionalWeakTable<Principal, ClaimsPrincipal> Known = [];

    /// <summary>The same one for every request of a principal.</summary>
    public static ClaimsPrincipal ToClaims(this Principal principal) => Known.GetValue(principal, Make);

    private static ClaimsPrincipal Make(Principal principal)
    {
        var claims = new ClaimsIdentity([new Claim(ClaimTypes.Name, principal.Name)], TokenAuthenticationHandler.SchemeName);
        claims.AddClaims(principal.Roles.Select(role => new Claim(ClaimTypes.Role, role)));
        if (principal.ExpiresAt is { } expiresAt)
        {
            claims.AddClaim(new Claim(ClaimTypes.Expiration, expiresAt.ToString("O", CultureInfo.InvariantCulture)));
        }

        return new ClaimsPrincipal(claims);
    }

    public static Principal ToPrincipal(this ClaimsPrincipal user) => new(
        user.Identity?.Name ?? "",
        [.. user.FindAll(ClaimTypes.Role).Select(claim => claim.Value)],
        user.FindFirstValue(ClaimTypes.Expiration) is { } expiresAt ? DateTimeOffset.ParseExact(expiresAt, "O", CultureInfo.InvariantCulture) : null);
}
