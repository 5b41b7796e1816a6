using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.Api.Auth;

/// <summary>Open mode: every request is of one anonymous person with every role, so that policies are checked from the first day.</summary>
internal sealed class OpenAuthenticationHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "Open";

    private static readonly AuthenticationTicket Everybody = new(
        new ClaimsPrincipal(new ClaimsIdentity(
            [
                new Claim(ClaimTypes.Name, "anonymous"),
                new Claim(ClaimTypes.Role, Policies.Viewer),
                new Claim(ClaimTypes.Role, Policies.Operator),
                new Claim(ClaimTypes.Role, Policies.Admin),
                new Claim(ClaimTypes.Role, Policies.Ingest),
            ],
            SchemeName)),
        SchemeName);

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(AuthenticateResult.Success(Everybody));
}
