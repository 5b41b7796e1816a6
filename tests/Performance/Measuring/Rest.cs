using GrooteDashboard.Testing;

namespace GrooteDashboard.Performance.Measuring;

/// <summary>Waits until a server's memory has come to rest.</summary>
internal static class Rest
{
    private const int Samples = 12;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>At rest: the memory has kept within one percent for three seconds.</summary>
    public static async Task<ProcessUsage> OfAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        var deadline = server.Age.Elapsed + Deadline;
        var last = new Queue<ProcessUsage>();
        while (true)
        {
            var usage = server.Usage;
            last.Enqueue(usage);
            if (last.Count > Samples)
            {
                last.Dequeue();
                if (last.Max(u => u.ResidentMegabytes) - last.Min(u => u.ResidentMegabytes) <= usage.ResidentMegabytes / 100)
                {
                    return usage;
                }
            }

            if (server.Age.Elapsed > deadline)
            {
                throw new TimeoutException("The server's memory does not come to rest.");
            }

            await Task.Delay(Interval, cancellationToken);
        }
    }
}
