using System.Text.Json;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Infrastructure.Persistence.Readers;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>
/// Counts tasks through an index, and remembers the answer for a moment: however many pages poll the same list, it is counted once per second.
/// </summary>
internal sealed class TaskCounts(NpgsqlDataSource source, TimeProvider time)
{
    private const int MaxRemembered = 256;

    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    /// <summary>Counting goes through as many rows as there are: beyond it, a list says how many it has at least.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long StartedAt, Task<long?> Count)> _counts = [];

    /// <summary>Null where it takes too long.</summary>
    public Task<long?> CountAsync(TaskFilter filter, CancellationToken cancellationToken)
    {
        var key = JsonSerializer.Serialize(filter);
        lock (_lock)
        {
            if (_counts.TryGetValue(key, out var known) && !known.Count.IsFaulted && time.GetElapsedTime(known.StartedAt) < MaxAge)
            {
                return known.Count.WaitAsync(cancellationToken);
            }

            if (_counts.Count >= MaxRemembered)
            {
                // Forgotten, a count is only asked for again.
                _counts.Clear();
            }

            var count = CountAsync(filter);
            _counts[key] = (time.GetTimestamp(), count);
            return count.WaitAsync(cancellationToken);
        }
    }

    /// <summary>For whoever waits for it: it does not end because one of them leaves.</summary>
    private async Task<long?> CountAsync(TaskFilter filter)
    {
        using var deadline = new CancellationTokenSource(Deadline, time);
        await using var command = source.CreateCommand();
        command.CommandText = $"SELECT count(*) FROM tasks WHERE {new TaskConditions(filter, command.Parameters)}";
        try
        {
            return (long?)await command.ExecuteScalarAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
