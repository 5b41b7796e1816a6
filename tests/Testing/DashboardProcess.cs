using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace GrooteDashboard.Testing;

/// <summary>The server in a process of its own, which can be killed at any moment. It dies with the test process.</summary>
public sealed class DashboardProcess : IAsyncDisposable
{
    private const string Assembly = "GrooteDashboard.Api.dll";

    /// <summary>Runs the server until standard input ends, which it also does when this process dies.</summary>
    private const string Supervisor = """
        "$@" >/dev/null 2>&1 </dev/null &
        pid=$!
        read -r _
        kill -9 $pid 2>/dev/null
        wait $pid 2>/dev/null
        """;

    /// <summary>A process begins from nothing, on a busy machine.</summary>
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);

    private Process? _supervisor;

    private DashboardProcess(Process supervisor, Uri address)
    {
        _supervisor = supervisor;
        Http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
    }

    public HttpClient Http { get; }

    /// <summary>Starts a server and waits until it is ready.</summary>
    /// <param name="database">Its database.</param>
    /// <param name="redis">The address of its Redis.</param>
    public static async Task<DashboardProcess> StartAsync(TestDatabase database, string redis)
    {
        var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort()}"));
        var start = new ProcessStartInfo("/bin/sh", ["-c", Supervisor, "sh", "dotnet", Assembly])
        {
            RedirectStandardInput = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Testing";
        start.Environment["ASPNETCORE_URLS"] = address.OriginalString;
        start.Environment["ConnectionStrings__Postgres"] = database.ConnectionString;
        start.Environment["ConnectionStrings__Redis"] = redis;
        var server = new DashboardProcess(
            Process.Start(start) ?? throw new InvalidOperationException("/bin/sh cannot be started."), address);
        try
        {
            await Probe.Until(server.IsReadyAsync, "the server's process is ready", StartDeadline);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>As if its machine had lost power. Returns when it is gone.</summary>
    public async Task KillAsync()
    {
        if (Interlocked.Exchange(ref _supervisor, null) is { } supervisor)
        {
            supervisor.StandardInput.Close();
            using (supervisor)
            {
                await supervisor.WaitForExitAsync().WaitAsync(Probe.Deadline);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Http.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            return (await Http.GetAsync("/api/health/ready")).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
