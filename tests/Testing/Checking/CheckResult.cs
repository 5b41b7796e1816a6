using System.Globalization;

namespace GrooteDashboard.Testing.Checking;

/// <summary>What a run of the checker counted.</summary>
public sealed record CheckResult
{
    public required int Published { get; init; }

    public required int Acknowledged { get; init; }

    /// <summary>Entries in the store, over all tasks.</summary>
    public required long Stored { get; init; }

    /// <summary>Frames with an offset, over all clients and channels.</summary>
    public required long Delivered { get; init; }

    public required int Reconnects { get; init; }

    /// <summary>Attempts to connect that failed.</summary>
    public required int Refused { get; init; }

    /// <summary>Connections that the checker cut.</summary>
    public required int Cuts { get; init; }

    /// <summary>Subscriptions that went on where the client had stopped.</summary>
    public required int Recovered { get; init; }

    /// <summary>Channels that a client had to read afresh.</summary>
    public required int Restarts { get; init; }

    /// <summary>What the servers told, by reason.</summary>
    public required IReadOnlyDictionary<string, int> Gaps { get; init; }

    /// <summary>Entries that were fetched for gaps.</summary>
    public required long Filled { get; init; }

    /// <summary>With PUBLISH: stretches of output that were lost, over all clients and channels.</summary>
    public required int Holes { get; init; }

    public required IReadOnlyList<Fault> Faults { get; init; }

    public required IReadOnlyList<Finding> Findings { get; init; }

    public required IReadOnlyList<TraceEvent> Trace { get; init; }

    /// <summary>What the instances wrote.</summary>
    public required IReadOnlyList<string> ServerLogs { get; init; }

    public int Count(FindingKind kind) => Findings.Count(finding => finding.Kind == kind);

    /// <summary>Counts first, then the faults, then what was found.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="findings">How many findings, at most.</param>
    public void Write(TextWriter output, int findings)
    {
        Line("published", Published);
        Line("acknowledged", Acknowledged);
        Line("stored entries", Stored);
        Line("delivered", Delivered);
        Line("reconnects", Reconnects);
        Line("  cut by the checker", Cuts);
        Line("  refused attempts", Refused);
        Line("recovered", Recovered);
        Line("read afresh", Restarts);
        foreach (var (reason, count) in Gaps.OrderBy(gap => gap.Key, StringComparer.Ordinal))
        {
            Line($"gaps {reason}", count);
        }

        Line("filled", Filled);
        Line("lost stretches (pub/sub)", Holes);
        foreach (var kind in Enum.GetValues<FindingKind>())
        {
            Line($"FOUND {kind}", Count(kind));
        }

        output.WriteLine();
        foreach (var fault in Faults)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{fault.At.TotalSeconds,7:0.0} s  {fault.What}"));
        }

        output.WriteLine();
        foreach (var finding in Findings.Take(findings))
        {
            output.WriteLine(finding);
        }

        void Line(string name, long count) => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-26}{count,12:N0}"));
    }

    /// <summary>Everything that happened in the order in which it happened, and the servers' logs.</summary>
    public void WriteTrace(TextWriter output)
    {
        foreach (var line in Trace)
        {
            output.WriteLine(line);
        }

        for (var i = 0; i < ServerLogs.Count; i++)
        {
            output.WriteLine($"--- log of instance {i}");
            output.WriteLine(ServerLogs[i]);
        }
    }
}
