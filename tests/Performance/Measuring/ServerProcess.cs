using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using GrooteDashboard.Performance.Peers;
using GrooteDashboard.Testing;

namespace GrooteDashboard.Performance.Measuring;

/// <summary>
/// A web server in a process of its own, on a free loopback port, so that what it uses can be told from what the load uses.
/// It dies with this process.
/// </summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    public const string DashboardAssembly = "GrooteDashboard.Api.dll";

    private const string OwnAssembly = "GrooteDashboard.Performance.dll";
    private const int LastLines = 15;

    /// <summary>Runs the server until standard input ends, which it also does when this process dies.</summary>
    private const string Supervisor = """
        log=$1
        shift
        "$@" >"$log" 2>&1 </dev/null &
        pid=$!
        echo $pid
        read -r _
        kill -9 $pid 2>/dev/null
        wait $pid 2>/dev/null
        """;

    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(2);

    private readonly Process _supervisor;
    private readonly string _log;
    private readonly int _processId;

    private ServerProcess(Process supervisor, int processId, string log, Uri address)
    {
        (_supervisor, _processId, _log, Address) = (supervisor, processId, log, address);
        Http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
    }

    public Uri Address { get; }

    public HttpClient Http { get; }

    /// <summary>From the start of the process to the first answer that it is ready.</summary>
    public TimeSpan Startup { get; private set; }

    /// <summary>Since the process was started.</summary>
    public required Stopwatch Age { get; init; }

    public ProcessUsage Usage => ProcessUsage.Of(_processId);

    /// <summary>The dashboard's server, as it is deployed.</summary>
    public static Task<ServerProcess> StartDashboardAsync(
        DirectoryInfo folder, PerformanceDatabase database, RedisServer redis, CancellationToken cancellationToken) =>
        StartAsync(
            folder.FullName,
            [DashboardAssembly],
            "/api/health/ready",
            cancellationToken,
            ("ConnectionStrings__Postgres", database.ConnectionString),
            ("ConnectionStrings__Redis", redis.ConnectionString));

    public static Task<ServerProcess> StartBareAsync(CancellationToken cancellationToken) =>
        StartAsync(AppContext.BaseDirectory, [OwnAssembly, PeerNames.Argument, PeerNames.Bare], BareServer.Path, cancellationToken);

    public static Task<ServerProcess> StartRawAsync(RedisServer redis, CancellationToken cancellationToken) =>
        StartAsync(
            AppContext.BaseDirectory,
            [OwnAssembly, PeerNames.Argument, PeerNames.Raw, $"127.0.0.1:{redis.Port}"],
            RawServer.ReadyPath,
            cancellationToken);

    /// <summary>As the agent engine does it before it sends output.</summary>
    public async Task RegisterTaskAsync(string taskId, CancellationToken cancellationToken)
    {
        using var answer = await Http.PostAsJsonAsync(
            "/api/tasks", new { task_id = taskId, source = "performance", input_message = "Measure" }, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        _supervisor.StandardInput.Close();
        using (_supervisor)
        {
            await _supervisor.WaitForExitAsync().WaitAsync(StartDeadline);
        }

        File.Delete(_log);
    }

    private static async Task<ServerProcess> StartAsync(
        string folder,
        string[] command,
        string readyPath,
        CancellationToken cancellationToken,
        params (string Name, string Value)[] settings)
    {
        var log = Path.GetTempFileName();
        var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort()}"));
        var start = new ProcessStartInfo("/bin/sh", ["-c", Supervisor, "sh", log, "dotnet", .. command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = folder,
        };
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        start.Environment["ASPNETCORE_URLS"] = address.OriginalString;
        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        var age = Stopwatch.StartNew();
        var supervisor = Process.Start(start) ?? throw new InvalidOperationException("/bin/sh cannot be started.");
        var line = await supervisor.StandardOutput.ReadLineAsync(cancellationToken);
        var processId = int.Parse(line ?? "", CultureInfo.InvariantCulture);
        var server = new ServerProcess(supervisor, processId, log, address) { Age = age };
        try
        {
            await server.UntilReadyAsync(readyPath, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task UntilReadyAsync(string path, CancellationToken cancellationToken)
    {
        while (!await AnswersAsync(path, cancellationToken))
        {
            if (!File.Exists($"/proc/{_processId}/exe") || Age.Elapsed > StartDeadline)
            {
                var lines = File.ReadLines(_log).TakeLast(LastLines);
                throw new InvalidOperationException($"The server does not get ready. Its last lines:\n{string.Join('\n', lines)}");
            }

            await Task.Delay(ProbeInterval, cancellationToken);
        }

        Startup = Age.Elapsed;
    }

    private async Task<bool> AnswersAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await Http.GetAsync(path, cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            // It does not listen yet.
            return false;
        }
    }
}
