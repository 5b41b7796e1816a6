using System.Globalization;

namespace GrooteDashboard.Testing.Checking;

/// <summary>What ought not to be.</summary>
/// <param name="At">Since the start of the run.</param>
/// <param name="Kind">Its kind, to be counted by.</param>
/// <param name="Where">The client and the channel.</param>
/// <param name="Detail">Offsets and numbers.</param>
public sealed record Finding(TimeSpan At, FindingKind Kind, string Where, string Detail)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At.TotalSeconds,7:0.000} {Kind,-16} {Where}: {Detail}");
}

public enum FindingKind
{
    /// <summary>An offset was passed over in silence, or never came.</summary>
    Missing,

    /// <summary>An offset or a number came twice.</summary>
    Duplicate,

    /// <summary>Something came after its successor.</summary>
    OutOfOrder,

    /// <summary>One offset, two contents.</summary>
    Different,

    /// <summary>A gap's range is not exactly what was missing, or its fill is not exactly its range.</summary>
    WrongGap,

    /// <summary>History is told to be lost, and nothing was done that loses it.</summary>
    Needless,

    /// <summary>The store has not what was acknowledged.</summary>
    NotStored,

    /// <summary>Output was lost and the client was not told.</summary>
    NotTold,

    /// <summary>The protocol was not kept in another way.</summary>
    Protocol,

    /// <summary>A client, a producer or an instance never got where it had to.</summary>
    Stuck,
}

/// <summary>Collects findings, and on the side what happened when: for finding out why.</summary>
internal sealed class Findings(Func<TimeSpan> clock)
{
    private readonly Lock _gate = new();
    private readonly List<Finding> _findings = [];
    private readonly List<TraceEvent> _trace = [];

    public TimeSpan Now => clock();

    public void Add(FindingKind kind, string where, string detail)
    {
        var finding = new Finding(Now, kind, where, detail);
        lock (_gate)
        {
            _findings.Add(finding);
            _trace.Add(new TraceEvent(finding.At, where, "FINDING", $"{kind}: {detail}"));
        }
    }

    public void Trace(string who, string what, string detail)
    {
        lock (_gate)
        {
            _trace.Add(new TraceEvent(Now, who, what, detail));
        }
    }

    public List<Finding> ToList()
    {
        lock (_gate)
        {
            return [.. _findings];
        }
    }

    public List<TraceEvent> Events()
    {
        lock (_gate)
        {
            return [.. _trace];
        }
    }
}

/// <summary>A line of the trace.</summary>
public readonly record struct TraceEvent(TimeSpan At, string Who, string What, string Detail)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At.TotalSeconds:0.0000}\t{Who}\t{What}\t{Detail}");
}
