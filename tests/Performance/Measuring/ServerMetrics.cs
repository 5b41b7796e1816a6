using System.Globalization;
using GrooteDashboard.Testing;

namespace GrooteDashboard.Performance.Measuring;

/// <summary>What the dashboard's server counts, from its <c>/metrics</c>.</summary>
internal static class ServerMetrics
{
    /// <summary>The sum of all samples of these names whose labels hold this text.</summary>
    /// <param name="server">The server.</param>
    /// <param name="name">Name of the samples, such as <c>realtime_disconnects_total</c>.</param>
    /// <param name="label">A part of the labels, such as <c>code="4008"</c>; empty for all.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public static async Task<double> SumAsync(ServerProcess server, string name, string label, CancellationToken cancellationToken)
    {
        var text = await server.Http.GetStringAsync("/metrics", cancellationToken);
        return text.Split('\n').Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] is '{' or ' ')
            .Where(line => line.Contains(label, StringComparison.Ordinal))
            .Sum(line => double.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture));
    }
}
