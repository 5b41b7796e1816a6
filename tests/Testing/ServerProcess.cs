using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;

namespace GrooteDashboard.Testing;

/// <summary>
/// A web server in a process of its own, on a free loopback port, so that what it uses can be told from what the load uses, and that it
/// can be killed and started again. It dies with this process.
/// </summary>
public sealed class ServerProcess : IAsyncDisposable
{
    public const string DashboardAssembly = "GrooteDashboard.Api.dll";

    private const int LastLines = 15;

    /// <summary>
    /// Runs the server until standard input ends, which it also does when this process dies. Ctrl-C reaches this shell as well: it must
    /// not die of it before the server.
    /// </summary>
    private const string Supervisor = """
        trap '' INT HUP
        log=$1
        shift
        "$@" >>"$log" 2>&1 </dev/null &
        pid=$!
        echo $pid
        read -r _
        kill -9 $pid 2>/dev/null
        wait $pid 2>/dev/null
        """;

    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(2);

    private readonly ProcessStartInfo _start;
    private readonly string _readyPath;
    private readonly string _log;
    private Process? _supervisor;

    private ServerProcess(ProcessStartInfo start, string readyPath, string log, Uri address)
    {
        (_start, _readyPath, _log, Address) = (start, readyPath, log, address);
        Http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
    }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public int ProcessId { get; private set; }

    /// <summary>From the start of the process to the first answer that it is ready.</summary>
    public TimeSpan Startup { get; private set; }

    /// <summary>Since the process was started.</summary>
    public Stopwatch Age { get; } = new();

    public ProcessUsage Usage => ProcessUsage.Of(ProcessId);

    /// <summary>What it has written so far, all its lives together.</summary>
    public string Log => File.ReadAllText(_log);

    /// <summary>The dashboard's server, as it is deployed.</summary>
    /// <param name="folder">Where it was built or published.</param>
    /// <param name="postgres">Connection string of its database.</param>
    /// <param name="redis">Address of its Redis.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <param name="settings">Further settings, as environment variables.</param>
    public static Task<ServerProcess> StartDashboardAsync(
        DirectoryInfo folder, string postgres, string redis, CancellationToken cancellationToken, params (string Name, string Value)[] settings) =>
        StartAsync(
            folder.FullName,
            [DashboardAssembly],
            "/api/health/ready",
            cancellationToken,
            [("ConnectionStrings__Postgres", postgres), ("ConnectionStrings__Redis", redis), .. settings]);

    /// <summary>Starts a server and waits until it answers.</summary>
    /// <param name="folder">Where its assembly is.</param>
    /// <param name="command">What to give to <c>dotnet</c>.</param>
    /// <param name="readyPath">The path that answers 200 when it is ready.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <param name="settings">Environment variables.</param>
    public static async Task<ServerProcess> StartAsync(
        string folder,
        string[] command,
        string readyPath,
        CancellationToken cancellationToken,
        params (string Name, string Value)[] settings)
    {
        var log = Path.GetTempFileName();
        var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{LoopbackPort.Free()}"));
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

        var server = new ServerProcess(start, readyPath, log, address);
        try
        {
            await server.RestartAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it after <see cref="KillAsync"/>, at the same address; returns when it is ready.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        if (_supervisor is not null)
        {
            throw new InvalidOperationException("The server runs already.");
        }

        Age.Restart();
        _supervisor = Process.Start(_start) ?? throw new InvalidOperationException("/bin/sh cannot be started.");
        var line = await _supervisor.StandardOutput.ReadLineAsync(cancellationToken);
        ProcessId = int.Parse(line ?? "", CultureInfo.InvariantCulture);
        await UntilReadyAsync(cancellationToken);
    }

    /// <summary>SIGKILL. Returns when it is gone.</summary>
    public async Task KillAsync()
    {
        if (_supervisor is not { } supervisor)
        {
            return;
        }

        _supervisor = null;
        supervisor.StandardInput.Close();
        using (supervisor)
        {
            await supervisor.WaitForExitAsync().WaitAsync(StartDeadline);
        }
    }

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
        await KillAsync();
        File.Delete(_log);
    }

    private async Task UntilReadyAsync(CancellationToken cancellationToken)
    {
        while (!await AnswersAsync(cancellationToken))
        {
            if (!File.Exists($"/proc/{ProcessId}/exe") || Age.Elapsed > StartDeadline)
            {
                var lines = File.ReadLines(_log).TakeLast(LastLines);
                throw new InvalidOperationException($"The server does not get ready. Its last lines:\n{string.Join('\n', lines)}");
            }

            await Task.Delay(ProbeInterval, cancellationToken);
        }

        Startup = Age.Elapsed;
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await Http.GetAsync(_readyPath, cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            // It does not listen yet.
            return false;
        }
    }
}
