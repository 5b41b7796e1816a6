using System.Net;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.Api.Auth;

/// <summary>Stops a server that would let a whole network in by oversight. Runs before the server listens.</summary>
internal sealed partial class OpenModeGuard(IConfiguration configuration, IOptions<AuthOptions> options, ILogger<OpenModeGuard> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var exposed = Addresses(configuration).Where(address => !IsLoopback(address)).ToList();
        if (exposed.Count > 0 && !options.Value.AllowOpenOnNetwork)
        {
            throw new OptionsValidationException(AuthOptions.Section, typeof(AuthOptions),
            [
                $"Auth:Mode=Open would let everybody in at {string.Join(", ", exposed)}: listen on a loopback address, or set Auth:AllowOpenOnNetwork=true.",
            ]);
        }

        LogOpen(exposed.Count > 0 ? "whoever reaches it over the network" : "whoever is on this machine");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Where Kestrel will listen: its endpoints, else its URLs, else ports on every address, else localhost.</summary>
    internal static IReadOnlyList<string> Addresses(IConfiguration configuration)
    {
        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"]).OfType<string>().ToList();
        if (endpoints.Count > 0)
        {
            return endpoints;
        }

        if (configuration[WebHostDefaults.ServerUrlsKey] is { Length: > 0 } urls)
        {
            return urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }

        return
        [
            .. Ports("http_ports", "http"),
            .. Ports("https_ports", "https"),
        ];

        IEnumerable<string> Ports(string key, string scheme) =>
            (configuration[key] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries).Select(port => $"{scheme}://*:{port}");
    }

    private static bool IsLoopback(string url)
    {
        string host;
        try
        {
            host = BindingAddress.Parse(url).Host;
        }
        catch (FormatException)
        {
            throw new OptionsValidationException(AuthOptions.Section, typeof(AuthOptions), [$"The address to listen on, {url}, cannot be read."]);
        }

        return host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
    }

    [LoggerMessage(LogLevel.Warning, "Auth:Mode=Open: no sign-in, {Who} may do everything")]
    private partial void LogOpen(string who);
}
