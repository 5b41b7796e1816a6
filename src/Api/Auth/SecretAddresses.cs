using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.Api.Auth;

/// <summary>
/// Addresses may hold tokens and tickets, so no log may hold addresses. <see cref="Hosting.RequestLog"/> writes paths only; the framework would write
/// more if the configuration asked it to, and is not let, whatever the configuration says.
/// </summary>
internal sealed class SecretAddresses : IPostConfigureOptions<LoggerFilterOptions>
{
    /// <summary>Writes the address of every request, with its query, at Information.</summary>
    private const string Requests = "Microsoft.AspNetCore.Hosting.Diagnostics";

    /// <summary>Quotes the first line of a request that it cannot read, at Debug.</summary>
    private const string BadRequests = "Microsoft.AspNetCore.Server.Kestrel.BadRequests";

    public void PostConfigure(string? name, LoggerFilterOptions options)
    {
        foreach (var category in (string[])[Requests, BadRequests])
        {
            // A rule for one provider precedes one for all of them; of equals the last one holds.
            options.Rules.Add(new LoggerFilterRule(null, category, LogLevel.Warning, null));
            options.Rules.Add(new LoggerFilterRule(typeof(ConsoleLoggerProvider).FullName, category, LogLevel.Warning, null));
        }
    }
}
