using System.Text.Encodings.Web;
using GrooteDashboard.Application.Identity.Ports;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace GrooteDashboard.Api.Auth;

/// <summary>Asks <see cref="IAccessControl"/> who sends a request.</summary>
internal sealed class TokenAuthenticationHandler(
    IAccessControl access, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "Bearer";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var token = Credentials.Bearer(Request);
        if (await access.AuthenticateAsync(token, Context.RequestAborted) is { } principal)
        {
            return AuthenticateResult.Success(new AuthenticationTicket(principal.ToClaims(), SchemeName));
        }

        return token is null ? AuthenticateResult.NoResult() : AuthenticateResult.Fail("The token is not good, or not any more.");
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers[HeaderNames.WWWAuthenticate] = SchemeName;
        return base.HandleChallengeAsync(properties);
    }
}
