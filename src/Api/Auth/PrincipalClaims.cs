using System.Globalization;
using System.Security.Claims;
using GrooteDashboard.Application.Identity.Contracts;

namespace GrooteDashboard.Api.Auth;

/// <summary>A principal as ASP.NET's policies see it, and back.</summary>
internal static class PrincipalClaims
{
    public static ClaimsPrincipal ToClaims(this Principal principal)
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
