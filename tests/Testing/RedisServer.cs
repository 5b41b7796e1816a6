using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace GrooteDashboard.Testing;

/// <summary>
/// A private redis-server (from PATH, or <c>REDIS_SERVER</c>) on a free loopback port with its data in a temporary folder and an
/// append-only file. It can be killed and started again on the same port and data, stopped and continued. It dies with the test process.
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    // Numbers of Linux.
    private const int SignalStop = 19;
    private const int SignalContinue = 18;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// Runs the server until standard input ends, which it also does when this process dies. Ctrl-C reaches this shell as well: it must
    /// not die of it before the server.
    /// </summary>
    private const string Supervisor = """
        trap '' INT HUP
        "$@" >/dev/null 2>&1 </dev/null &
        pid=$!
        echo $pid
        read -r _
        kill -9 $pid 2>/dev/null
        wait $pid 2>/dev/null
        """;

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("groote-redis-");
    private readonly DirectoryInfo _backup = new(Path.Combine(Path.GetTempPath(), "groote-redis-backup-" + Guid.NewGuid().ToString("N")));
    private Process? _supervisor;
    private int _pid;

    private RedisServer(int port) => Port = port;

    public int Port { get; }

    /// <summary>For <c>ConnectionStrings:Redis</c>.</summary>
    public string ConnectionString => $"redis://127.0.0.1:{Port}";

    /// <summary>A server that answers.</summary>
    public static async Task<RedisServer> StartNewAsync()
    {
        var server = new RedisServer(LoopbackPort.Free());
        try
        {
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A server that is not started yet: its port is free.</summary>
    public static RedisServer Absent() => new(LoopbackPort.Free());

    /// <summary>Starts it, on the same port and data as before; returns when it answers.</summary>
    public async Task StartAsync()
    {
        if (_supervisor is not null)
        {
            throw new InvalidOperationException("redis-server runs already.");
        }

        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true };
        string[] arguments =
        [
            "-c", Supervisor, "sh",
            Environment.GetEnvironmentVariable("REDIS_SERVER") ?? "redis-server",
            "--port", Port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", _data.FullName,
            // Written before it is answered, and left to the kernel to bring to the disk: a killed process loses nothing. (With everysec Redis
            // holds a write back for up to two seconds while the disk is slow, and then a kill loses what was acknowledged.)
            "--appendonly", "yes", "--appendfsync", "no", "--save", "", "--daemonize", "no",
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        _supervisor = Process.Start(start) ?? throw new InvalidOperationException("/bin/sh cannot be started.");
        _pid = int.Parse(await _supervisor.StandardOutput.ReadLineAsync() ?? "", CultureInfo.InvariantCulture);
        await UntilItAnswersAsync();
    }

    /// <summary>As if its machine had lost power: no farewell. Returns when it is gone.</summary>
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
            await supervisor.WaitForExitAsync().WaitAsync(Deadline);
        }
    }

    /// <summary>Copies its data as they are now, for <see cref="RestoreAsync"/>.</summary>
    public void BackUp()
    {
        if (_backup.Exists)
        {
            _backup.Delete(recursive: true);
        }

        Copy(_data, _backup);
    }

    /// <summary>Kills it and starts it with the data of the last <see cref="BackUp"/>; without one it starts empty.</summary>
    /// <param name="whileAway">Happens before it starts again.</param>
    public async Task RestoreAsync(Func<Task>? whileAway = null)
    {
        await KillAsync();
        await (whileAway?.Invoke() ?? Task.CompletedTask);
        _data.Delete(recursive: true);
        _data.Create();
        if (_backup.Exists)
        {
            Copy(_backup, _data);
        }

        await StartAsync();
    }

    /// <summary>As an operator stops it: it says farewell to its clients. Returns when it is gone.</summary>
    public async Task ShutDownAsync()
    {
        try
        {
            await CommandAsync("SHUTDOWN", "NOSAVE");
        }
        catch (IOException)
        {
            // There is no reply to this command.
        }

        await KillAsync();
    }

    /// <summary>It keeps its connections, and answers nothing.</summary>
    public void Pause() => Signal(SignalStop);

    public void Resume() => Signal(SignalContinue);

    public Task FlushAllAsync() => CommandAsync("FLUSHALL");

    /// <summary>Sends one command and returns the first line of the reply. For tests whose own client is away.</summary>
    public async Task<string> CommandAsync(params string[] words)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, Port).WaitAsync(Deadline);
        var stream = client.GetStream();
        var request = new StringBuilder().Append(CultureInfo.InvariantCulture, $"*{words.Length}\r\n");
        foreach (var word in words)
        {
            request.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n");
        }

        await stream.WriteAsync(Encoding.UTF8.GetBytes(request.ToString()));
        using var reader = new StreamReader(stream);
        return await reader.ReadLineAsync().WaitAsync(Deadline) ?? throw new IOException("redis-server closed the connection.");
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _data.Delete(recursive: true);
        if (_backup.Exists)
        {
            _backup.Delete(recursive: true);
        }
    }

    private static void Copy(DirectoryInfo from, DirectoryInfo to)
    {
        foreach (var file in from.EnumerateFiles("*", SearchOption.AllDirectories))
        {
            var target = new FileInfo(Path.Combine(to.FullName, Path.GetRelativePath(from.FullName, file.FullName)));
            target.Directory!.Create();
            file.CopyTo(target.FullName);
        }

        to.Refresh();
    }

    private async Task UntilItAnswersAsync()
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                if (await CommandAsync("PING") == "+PONG")
                {
                    return;
                }
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                // It does not listen yet.
            }

            if (_supervisor!.HasExited || waited.Elapsed > Deadline)
            {
                throw new InvalidOperationException($"redis-server does not answer on port {Port}: is it installed?");
            }

            await Task.Delay(ProbeInterval);
        }
    }

    private void Signal(int signal)
    {
        if (_supervisor is null || Kill(_pid, signal) != 0)
        {
            throw new InvalidOperationException("redis-server does not run.");
        }
    }

    [DllImport("libc", EntryPoint = "kill", ExactSpelling = true)]
    private static extern int Kill(int pid, int signal);
}
