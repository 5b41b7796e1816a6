using System.Diagnostics.CodeAnalysis;

using StackExchange.Redis;

namespace GrooteDashboard.DemoEngine;

/// <summary><c>redis://[:password@]host[:port][/db]</c></summary>
internal sealed record RedisUrl(string Host, int Port, string? Password, int Database)
{
    private const int DefaultPort = 6379;

    public static bool TryParse(string text, [NotNullWhen(true)] out RedisUrl? url)
    {
        url = null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme != "redis" || uri.Host.Length == 0)
            return false;

        var userInfo = uri.UserInfo.Split(':', 2);
        // Named users (Redis ACL) are not spoken by this client; "default" is the one that a bare password means.
        if (userInfo[0] is not ("" or "default"))
            return false;

        var path = uri.AbsolutePath.Trim('/');
        var database = 0;
        if (path.Length > 0 && (!int.TryParse(path, out database) || database < 0))
            return false;

        var password = userInfo.Length == 2 && userInfo[1].Length > 0 ? Uri.UnescapeDataString(userInfo[1]) : null;
        url = new RedisUrl(uri.IdnHost, uri.Port > 0 ? uri.Port : DefaultPort, password, database);
        return true;
    }

    public ConfigurationOptions ToConfiguration(string clientName) => new()
    {
        EndPoints = { { Host, Port } },
        Password = Password,
        DefaultDatabase = Database,
        ClientName = clientName,
        // A server that is not there yet is waited for, not an error.
        AbortOnConnectFail = false,
        ConnectTimeout = 2000,
        KeepAlive = 10,
        // One server: no election among several, no configuration channel.
        TieBreaker = "",
        ConfigurationChannel = "",
    };

    public override string ToString() => $"redis://{Host}:{Port}/{Database}";
}
