using Microsoft.Extensions.Configuration;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>
/// Where PostgreSQL is: <c>ConnectionStrings:Postgres</c> in Npgsql's form, or <c>DATABASE_URL</c>
/// (<c>postgresql://user:password@host:port/database?sslmode=require</c>).
/// </summary>
public static class PostgresConnectionString
{
    private const int DefaultPoolSize = 50;

    /// <summary>Bytes, of each connection, each way.</summary>
    private const int MinBufferSize = 32 << 10;

    /// <summary>No statement takes longer than this; and on disks without a head a page elsewhere costs hardly more than the next one.</summary>
    private const string SessionOptions = "-c statement_timeout=15000 -c random_page_cost=1.1";

    /// <summary>The compiler takes a second where a statement takes a millisecond, whenever the planner expects many rows and there are few.</summary>
    private const string WithoutCompiler = "-c jit=off";

    /// <exception cref="ConfigurationException">Nothing is configured, or it cannot be read; the message is one line that says so.</exception>
    public static string From(IConfiguration configuration)
    {
        var given = configuration.GetConnectionString("Postgres") is { Length: > 0 } named ? named : configuration["DATABASE_URL"];
        if (string.IsNullOrWhiteSpace(given))
        {
            throw new ConfigurationException("PostgreSQL is not configured: set ConnectionStrings__Postgres or DATABASE_URL.");
        }

        try
        {
            var builder = given.Contains("://", StringComparison.Ordinal) ? FromUrl(new Uri(given)) : new NpgsqlConnectionStringBuilder(given);
            builder.ApplicationName ??= "groote-dashboard";
            builder.Options = $"{WithoutCompiler} {builder.Options ?? SessionOptions}";
            if (!builder.ContainsKey("Maximum Pool Size"))
            {
                builder.MaxPoolSize = DefaultPoolSize;
            }

            if (!builder.ContainsKey("Timeout"))
            {
                builder.Timeout = 5;
            }

            // A page of tasks, or what is stored at once, in one call of the system: each costs more than the memory.
            builder.ReadBufferSize = Math.Max(builder.ReadBufferSize, MinBufferSize);
            builder.WriteBufferSize = Math.Max(builder.WriteBufferSize, MinBufferSize);

            return builder.ConnectionString;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            throw new ConfigurationException("ConnectionStrings__Postgres or DATABASE_URL cannot be read as a connection string or URL.", e);
        }
    }

    private static NpgsqlConnectionStringBuilder FromUrl(Uri url)
    {
        if (url.Scheme is not ("postgres" or "postgresql"))
        {
            throw new FormatException("The scheme of DATABASE_URL must be postgresql.");
        }

        var login = url.UserInfo.Split(':', 2);
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = url.Host,
            Port = url.Port > 0 ? url.Port : 5432,
            Database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/')),
            Username = Uri.UnescapeDataString(login[0]),
        };
        if (login.Length == 2)
        {
            builder.Password = Uri.UnescapeDataString(login[1]);
        }

        foreach (var pair in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            builder[KeyOf(parts[0])] = Uri.UnescapeDataString(parts.Length == 2 ? parts[1] : "true");
        }

        return builder;
    }

    /// <summary>libpq's names for what Npgsql calls otherwise.</summary>
    private static string KeyOf(string name) => name switch
    {
        "sslmode" => "SSL Mode",
        "sslrootcert" => "Root Certificate",
        "application_name" => "Application Name",
        "connect_timeout" => "Timeout",
        _ => name.Replace('_', ' '),
    };
}
