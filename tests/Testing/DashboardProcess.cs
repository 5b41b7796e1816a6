using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace GrooteDashboard.Testing;

/// <summary>The real server in a process of its own, which can be killed. It dies with the test process.</summary>
public sealed class DashboardProcess : IAsyncDisposable
{
    /// <summary>Runs the server until standard input ends, which it also does when this process dies.</summary>
    private const string Supervisor = """
        "$@" >/dev/null 2>&1 </dev/null &
        pid=$!
        read -r _
        kill -9 $pid 2>/dev/null
        wait $pid 2>/dev/null
        """;

    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);

    private readonly Process _supervisor;
    private bool _isKilled;

    private DashboardProcess(Process supervisor, Uri address)
    {
        (_supervisor, Address) = (supervisor, address);
        Http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
    }

    public Uri Address { get; }

    public HttpClient Http { get; }

    /// <summary>Starts a server and waits until it is ready.</summary>
    public static async Task<DashboardProcess> StartAsync(TestDatabase database, RedisServer redis)
    {
        var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort()}"));
        var start = new ProcessStartInfo("/bin/sh", ["-c", Supervisor, "sh", "dotnet", "GrooteDashboard.Api.dll"])
        {
            RedirectStandardInput = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Testing";
        start.Environment["ASPNETCORE_URLS"] = address.OriginalString;
        start.Environment["ConnectionStrings__Postgres"] = database.ConnectionString;
        start.Environment["ConnectionStrings__Redis"] = redis.ConnectionString;
        var server = new DashboardProcess(Process.Start(start) ?? throw new InvalidOperationException("/bin/sh cannot be started."), address);
        try
        {
            await Probe.Until(server.IsReadyAsync, "the server is ready", StartDeadline);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Without a farewell (SIGKILL). Returns when it is gone.</summary>
    public async Task KillAsync()
    {
        if (!_isKilled)
        {
            _isKilled = true;
            _supervisor.StandardInput.Close();
            await _supervisor.WaitForExitAsync().WaitAsync(Probe.Deadline);
        }
    }

    public Task<WsClient> WatchAsync() => WsClient.ConnectAsync(Address);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Http.Dispose();
        _supervisor.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await Http.GetAsync("/api/health/ready");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            // It does not listen yet.
            return false;
        }
    }
}
