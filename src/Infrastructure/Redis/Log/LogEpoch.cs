using System.Globalization;
using StackExchange.Redis;

namespace GrooteDashboard.Infrastructure.Redis.Log;

/// <summary>
/// An epoch is a number, which grows, and something random. The number tells whoever knows a later epoch that it has older data before it: a backup,
/// or a replica that was left behind.
/// </summary>
internal static class LogEpoch
{
    /// <summary>The number; 0 of no epoch.</summary>
    public static long NumberOf(string epoch) =>
        epoch.IndexOf('-', StringComparison.Ordinal) is var dash and > 0 && long.TryParse(epoch.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;

    /// <summary>Whether the epoch that Redis has was not opened after the one that is known.</summary>
    public static bool IsOlder(string found, string known) => known.Length > 0 && NumberOf(found) <= NumberOf(known);

    /// <summary>Ends the epoch that Redis has: its data are older than those of the one that is known.</summary>
    public static Task<RedisResult> EndAsync(RedisConnection connection, string found, string known, CancellationToken cancellationToken) =>
        RedisScript.End.RunAsync(connection, [found, NumberOf(known).ToString(CultureInfo.InvariantCulture)], cancellationToken);
}
