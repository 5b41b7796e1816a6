using System.Globalization;
using Microsoft.Extensions.Configuration;
using StackExchange.Redis;

namespace GrooteDashboard.Infrastructure.Redis;

/// <summary>
/// Where Redis is: <c>redis[s]://[user:password@]host[:port][/database]</c>, or StackExchange's own form <c>host:port,password=…</c>.
/// </summary>
public static class RedisConnectionString
{
    private const int DefaultPort = 6379;

    /// <summary>The configured connection; null or empty where the service is to run without Redis.</summary>
    public static string? From(IConfiguration configuration) =>
        configuration.GetConnectionString("Redis") is { Length: > 0 } named ? named : configuration["REDIS_URL"];

    /// <exception cref="FormatException">One line that says what is wrong; it holds no secret.</exception>
    internal static ConfigurationOptions Parse(string text)
    {
        var isUrl = text.Contains("://", StringComparison.Ordinal);
        var options = isUrl ? ParseUrl(text) : ParseList(text);
        return options.EndPoints.Count > 0 ? options : throw new FormatException("The Redis connection names no host.");
    }

    private static ConfigurationOptions ParseUrl(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("redis" or "rediss") || url.Host.Length == 0)
        {
            throw new FormatException("The Redis connection must have the form redis[s]://[user:password@]host[:port][/database].");
        }

        var options = new ConfigurationOptions { Ssl = url.Scheme == "rediss" };
        options.EndPoints.Add(url.IdnHost, url.Port > 0 ? url.Port : DefaultPort);
        if (options.Ssl)
        {
            options.SslHost = url.IdnHost;
        }

        var credentials = url.UserInfo.Split(':', 2);
        if (credentials[0].Length > 0 && credentials.Length == 2 && credentials[0] != "default")
        {
            throw new FormatException("The Redis connection may name no other user than 'default': the client signs in by password alone.");
        }

        var password = Uri.UnescapeDataString(credentials[^1]);
        options.Password = password.Length > 0 ? password : null;

        var database = url.AbsolutePath.Trim('/');
        if (database.Length > 0)
        {
            options.DefaultDatabase = int.TryParse(database, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new FormatException("The database in the Redis connection must be a number, as in redis://host:6379/0.");
        }

        return options;
    }

    private static ConfigurationOptions ParseList(string text)
    {
        try
        {
            return ConfigurationOptions.Parse(text);
        }
        catch (ArgumentException e)
        {
            // The client's own message may quote the text, and with it the password.
            throw new FormatException($"The Redis connection cannot be read ({e.ParamName ?? "unknown option"}).");
        }
    }
}
