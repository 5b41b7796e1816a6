using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Domain.Analytics;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

internal sealed class SessionAnalyticsReader(NpgsqlDataSource source) : ISessionAnalyticsReader
{
    public async Task<IReadOnlyList<SessionSums>> ReadAsync(IReadOnlyList<DateTimeOffset> boundaries, CancellationToken cancellationToken)
    {
        var times = boundaries.Select(boundary => boundary.UtcDateTime).ToArray();
        var buckets = Enumerable.Range(1, boundaries.Count - 1).Select(_ => new SessionSums()).ToArray();
        await using var command = source.CreateCommand(
            "SELECT width_bucket(connected_at, $1), connected_at, CASE WHEN NOT active THEN disconnected_at END FROM sessions WHERE connected_at >= $2 AND connected_at < $3");
        command.Parameters.AddWithValue(times);
        command.Parameters.AddWithValue(times[0]);
        command.Parameters.AddWithValue(times[^1]);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            buckets[reader.GetInt32(0) - 1].Add(TaskFacts.Between(reader.GetDateTime(1), reader.IsDBNull(2) ? null : reader.GetDateTime(2)));
        }

        return buckets;
    }
}
