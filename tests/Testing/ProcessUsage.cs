using System.Diagnostics;
using System.Globalization;

namespace GrooteDashboard.Testing;

/// <summary>What a process has used, as the kernel counts it.</summary>
/// <param name="CpuSeconds">User and system time since its start.</param>
/// <param name="ResidentMegabytes">Resident set size.</param>
/// <param name="PrivateMegabytes">The part of it that no other process shares.</param>
public sealed record ProcessUsage(double CpuSeconds, double ResidentMegabytes, double PrivateMegabytes)
{
    public static ProcessUsage Of(int processId)
    {
        using var process = Process.GetProcessById(processId);
        // Lines such as "Private_Dirty:     61204 kB".
        var kilobytes = File.ReadLines($"/proc/{processId}/smaps_rollup").Skip(1)
            .Select(line => line.Split(':', 2))
            .ToDictionary(pair => pair[0], pair => double.Parse(pair[1].AsSpan().Trim()[..^3], CultureInfo.InvariantCulture));
        return new ProcessUsage(
            process.TotalProcessorTime.TotalSeconds,
            kilobytes["Rss"] / 1024,
            (kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]) / 1024);
    }
}
