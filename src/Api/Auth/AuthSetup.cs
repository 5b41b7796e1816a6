using GrooteDashboard.Application.Identity.Ports;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.Api.Auth;

internal static class AuthSetup
{
    public static IServiceCollection AddAuth(this IServiceCollection services)
    {
        services.AddOptions<AuthOptions>().BindConfiguration(AuthOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IAccessControl, OpenAccess>();
        services.AddAuthentication(TokenAuthenticationHandler.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, TokenAuthenticationHandler>(TokenAuthenticationHandler.SchemeName, null);
        var authorization = services.AddAuthorizationBuilder();
        foreach (var (name, roles) in Policies.Roles)
        {
            authorization.AddPolicy(name, policy => policy.RequireRole(roles));
        }

        services.AddSingleton<IPostConfigureOptions<LoggerFilterOptions>, SecretAddresses>();
        services.AddHostedService<OpenModeGuard>();
        return services;
    }
}
