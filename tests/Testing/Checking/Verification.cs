using System.Globalization;
using System.Text.Json;

namespace GrooteDashboard.Testing.Checking;

/// <summary>Compares what was sent, what is stored and what the clients have, when everything has come to rest.</summary>
internal static class Verification
{
    private const int PageSize = 5_000;

    /// <summary>How much later than the output after the hole the client may be told of the hole.</summary>
    private static readonly TimeSpan TellingDeadline = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan RequestDeadline = TimeSpan.FromSeconds(30);

    /// <summary>The log of a task by REST: key of each entry under its offset, from 1.</summary>
    public static async Task<List<string>> ReadLogAsync(Cluster cluster, int first, string taskId, Findings findings, CancellationToken cancellationToken)
    {
        var log = new List<string>();
        while (true)
        {
            var page = await GetAsync(cluster, first, $"/api/tasks/{taskId}/log?after={log.Count}&limit={PageSize}", cancellationToken);
            foreach (var (offset, key) in Entries(page))
            {
                if (offset != log.Count + 1)
                {
                    findings.Add(FindingKind.NotStored, taskId, $"the stored log goes from {log.Count} to {offset}");
                    return log;
                }

                log.Add(key);
            }

            if (!page.GetProperty("has_more").GetBoolean())
            {
                return log;
            }
        }
    }

    /// <summary>The store holds every number of these producers exactly once and in order; what a PUBLISH brought may have holes.</summary>
    public static void CheckStore(string taskId, IReadOnlyList<string> log, IReadOnlyList<Series> all, bool holesAllowed, Findings findings)
    {
        foreach (var series in all)
        {
            var last = 0;
            foreach (var (offset, number) in NumbersOf(log, series.Producer))
            {
                var missing = number > last + 1 && !holesAllowed;
                if (number <= last || missing)
                {
                    findings.Add(
                        missing ? FindingKind.NotStored : number == last ? FindingKind.Duplicate : FindingKind.OutOfOrder,
                        taskId,
                        $"stored: {series.Producer}{number} at offset {offset} after {series.Producer}{last}");
                }

                last = Math.Max(last, number);
            }

            if (last < series.Total && !holesAllowed)
            {
                findings.Add(FindingKind.NotStored, taskId, $"{series.Producer}{last + 1}..{series.Producer}{series.Total} are not stored");
            }
        }
    }

    /// <summary>Fetches what gaps told of, and checks that it is exactly that.</summary>
    /// <returns>How many entries were fetched.</returns>
    public static async Task<long> FillAsync(Cluster cluster, int first, ChannelRecord channel, Findings findings, CancellationToken cancellationToken)
    {
        var filled = 0L;
        foreach (var gap in channel.Gaps)
        {
            if (gap.Fill is null)
            {
                findings.Add(FindingKind.WrongGap, channel.Where, $"{gap.Reason} {gap.From}..{gap.To} without fill");
                continue;
            }

            var next = gap.From;
            for (var address = gap.Fill; next <= gap.To; address = $"{gap.Fill.Split('?')[0]}?after={next - 1}&limit={Math.Min(PageSize, gap.To - next + 1)}")
            {
                var entries = Entries(await GetAsync(cluster, first, address, cancellationToken)).ToList();
                foreach (var (offset, key) in entries)
                {
                    if (offset != next || offset > gap.To)
                    {
                        findings.Add(FindingKind.WrongGap, channel.Where, $"the fill of {gap.From}..{gap.To} gives {offset} instead of {next}");
                    }

                    channel.Fill(offset, key);
                    next = offset + 1;
                    filled++;
                }

                if (entries.Count == 0)
                {
                    findings.Add(FindingKind.WrongGap, channel.Where, $"the fill of {gap.From}..{gap.To} ends before {next}");
                    break;
                }
            }
        }

        return filled;
    }

    /// <summary>The client has what the store has, from where it began to the end.</summary>
    public static void CheckClient(ChannelRecord channel, IReadOnlyList<string> log, Findings findings)
    {
        long? missingFrom = null;
        for (var offset = channel.Start + 1; offset <= log.Count + 1; offset++)
        {
            var isThere = offset > log.Count || channel.Contents.ContainsKey(offset);
            if (isThere && missingFrom is { } from)
            {
                findings.Add(FindingKind.Missing, channel.Where, $"offsets {from}..{offset - 1} never came, nor did a gap tell of them");
                missingFrom = null;
            }

            missingFrom = isThere ? missingFrom : missingFrom ?? offset;
            if (offset <= log.Count && channel.Contents.TryGetValue(offset, out var content) && content != log[(int)offset - 1])
            {
                findings.Add(FindingKind.Different, channel.Where, $"offset {offset}: {content} came, {log[(int)offset - 1]} is stored");
            }
        }

        foreach (var (offset, content) in channel.Contents.Where(pair => pair.Key > log.Count))
        {
            findings.Add(FindingKind.NotStored, channel.Where, $"offset {offset} ({content}) came and is not stored");
        }
    }

    /// <summary>Where published output never arrived, a notice stands in the client's sequence: after what came before it, and no later than soon after what came next.</summary>
    /// <returns>How many holes this client's channel has.</returns>
    public static int CheckInterruptions(ChannelRecord channel, Series series, Findings findings)
    {
        var holes = 0;
        var (last, lastIndex) = (0, -1);
        for (var index = 0; index <= channel.Arrivals.Count; index++)
        {
            var isEnd = index == channel.Arrivals.Count;
            var number = series.Total + 1;
            if (!isEnd && !(Series.TryParse(channel.Arrivals[index].Content, out var producer, out number) && producer == series.Producer))
            {
                continue;
            }

            var lost = Enumerable.Range(last + 1, Math.Max(0, number - last - 1)).Where(n => !series.Unsure.Contains(n)).ToList();
            if (lost.Count > 0)
            {
                holes++;
                var latest = isEnd ? TimeSpan.MaxValue : channel.Arrivals[index].At + TellingDeadline;
                var wasTold = channel.Notices.Any(notice => notice.After > lastIndex && notice.At <= latest);
                if (!wasTold)
                {
                    findings.Add(
                        FindingKind.NotTold,
                        channel.Where,
                        $"{series.Producer}{lost[0]}..{series.Producer}{lost[^1]} were lost between offsets {OffsetAt(channel, lastIndex)} and {OffsetAt(channel, index)}, and no gap told of it; "
                        + $"received {SecondsAt(channel, lastIndex)} and {SecondsAt(channel, index)} s");
                }
            }

            (last, lastIndex) = (number, index);
        }

        return holes;
    }

    private static string OffsetAt(ChannelRecord channel, int index) =>
        index >= 0 && index < channel.Arrivals.Count ? channel.Arrivals[index].Offset.ToString(CultureInfo.InvariantCulture) : "none";

    private static string SecondsAt(ChannelRecord channel, int index) =>
        index >= 0 && index < channel.Arrivals.Count ? channel.Arrivals[index].At.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture) : "-";

    private static IEnumerable<(int Offset, int Number)> NumbersOf(IReadOnlyList<string> log, char producer) =>
        log.Select((key, index) => Series.TryParse(key, out var of, out var number) && of == producer ? (index + 1, number) : (0, 0))
            .Where(pair => pair.Item1 > 0);

    private static IEnumerable<(long Offset, string Key)> Entries(JsonElement page) => page.GetProperty("entries").EnumerateArray().Select(entry => (
        entry.GetProperty("offset").GetInt64(),
        entry.Type() == "status" ? $"status {entry.Text("status")}" : Series.KeyOf(entry.Text("output") ?? "")));

    private static async Task<JsonElement> GetAsync(Cluster cluster, int first, string path, CancellationToken cancellationToken) =>
        JsonElement.Parse(await cluster.SendAsync(first, () => new HttpRequestMessage(HttpMethod.Get, path), RequestDeadline, cancellationToken));
}
