using System.Diagnostics;
using System.Runtime.InteropServices;

namespace GrooteDashboard.Performance.Measuring;

/// <summary>What the figures depend on; the load average of the minute before shows others who work on the machine.</summary>
internal sealed record Machine(
    string Processor, int Cores, double MemoryGigabytes, string Kernel, string DotNet, string PostgreSql, string Redis, string Load)
{
    public static async Task<Machine> DescribeAsync(PerformanceDatabase database, CancellationToken cancellationToken) => new(
        ValueOf("/proc/cpuinfo", "model name"),
        Environment.ProcessorCount,
        Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1024.0 / 1024 / 1024, 1),
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        await database.QueryAsync<string>(
            """
            SELECT format('%s (fsync %s, synchronous_commit %s, shared_buffers %s)', current_setting('server_version'),
                current_setting('fsync'), current_setting('synchronous_commit'), current_setting('shared_buffers'))
            """,
            cancellationToken),
        await RedisVersionAsync(cancellationToken) + " (append-only file, fsync left to the kernel)",
        File.ReadAllText("/proc/loadavg").Split(' ')[0]);

    public void Write(TextWriter output)
    {
        output.WriteLine($"{Processor}, {Cores} cores, {MemoryGigabytes} GiB, load {Load}");
        output.WriteLine($"{DotNet}, PostgreSQL {PostgreSql}, Redis {Redis}");
        output.WriteLine();
    }

    private static string ValueOf(string file, string key) =>
        File.ReadLines(file).Select(line => line.Split(':', 2)).FirstOrDefault(pair => pair[0].Trim() == key)?[1].Trim() ?? "unknown";

    /// <summary>"Redis server v=7.0.15 sha=…"</summary>
    private static async Task<string> RedisVersionAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("REDIS_SERVER") ?? "redis-server", ["--version"])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var line = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return line.Split(' ').FirstOrDefault(word => word.StartsWith("v=", StringComparison.Ordinal))?[2..] ?? "unknown";
    }
}
