using GrooteDashboard.Performance.Measuring;
using GrooteDashboard.Testing.Checking;

namespace GrooteDashboard.Performance.Commands;

/// <summary>The checker of tests/Testing/Checking, on its own.</summary>
internal static class CheckCommand
{
    private const int MaxFindings = 20;

    /// <returns>The exit code: 0 where nothing was found.</returns>
    public static async Task<int> RunAsync(
        CheckOptions options, DirectoryInfo server, FileInfo? trace, FileInfo? json, CancellationToken cancellationToken)
    {
        await using var database = await PerformanceDatabase.CreateAsync(cancellationToken);
        var machine = await Machine.DescribeAsync(database, cancellationToken);
        machine.Write(Console.Out);
        await Console.Out.WriteLineAsync(
            $"{options.Instances} instances, {options.Tasks} tasks, {options.Tasks * options.ClientsPerTask} clients, {options.Rate} chunks/s ({options.Producer}) for {options.Seconds} s, faults: {options.Faults}, seed {options.Seed}");
        var result = await Checker.RunAsync(options, database.ConnectionString, server, Console.Out, cancellationToken);
        result.Write(Console.Out, MaxFindings);
        if (trace is not null)
        {
            trace.Directory?.Create();
            await using var writer = trace.CreateText();
            result.WriteTrace(writer);
        }

        await Report.WriteAsync("check", machine, result with { Trace = [], ServerLogs = [] }, json, cancellationToken);
        return result.Findings.Count == 0 ? 0 : 1;
    }
}
