using Microsoft.AspNetCore.Authentication;

namespace GrooteDashboard.Api.Auth;

internal static class AuthSetup
{
    public static IServiceCollection AddAuth(this IServiceCollection services)
    {
        services.AddOptions<AuthOptions>().BindConfiguration(AuthOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddAuthentication(OpenAuthenticationHandler.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, OpenAuthenticationHandler>(OpenAuthenticationHandler.SchemeName, null);
        services.AddAuthorizationBuilder()
            .AddPolicy(Policies.Viewer, policy => policy.RequireRole(Policies.Viewer, Policies.Operator, Policies.Admin))
            .AddPolicy(Policies.Operator, policy => policy.RequireRole(Policies.Operator, Policies.Admin))
            .AddPolicy(Policies.Admin, policy => policy.RequireRole(Policies.Admin))
            .AddPolicy(Policies.Ingest, policy => policy.RequireRole(Policies.Ingest, Policies.Admin))
            .AddPolicy(Policies.Participant, policy => policy.RequireRole(Policies.Operator, Policies.Ingest, Policies.Admin))
            .AddPolicy(Policies.Reader, policy => policy.RequireRole(Policies.Viewer, Policies.Operator, Policies.Ingest, Policies.Admin));
        services.AddHostedService<OpenModeGuard>();
        return services;
    }
}
