using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace GrooteDashboard.Performance.Peers;

/// <summary>How a peer tells what is alive: it collects, and counts.</summary>
internal static class LiveBytes
{
    public const string Path = "/live-bytes";

    public static void MapLiveBytes(this IEndpointRouteBuilder app) => app.MapGet(Path, () =>
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        var memory = GC.GetGCMemoryInfo(GCKind.FullBlocking);
        return (memory.HeapSizeBytes - memory.FragmentedBytes).ToString(CultureInfo.InvariantCulture);
    });
}
