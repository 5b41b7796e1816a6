using System.Text.Json;

namespace GrooteDashboard.Performance.Measuring;

/// <summary>The results of a command for other programs.</summary>
internal sealed record Report(string Command, DateTimeOffset MeasuredAt, Machine Machine, object Results)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    public static async Task WriteAsync(
        string command, Machine machine, object results, FileInfo? file, CancellationToken cancellationToken)
    {
        if (file is null)
        {
            return;
        }

        file.Directory?.Create();
        await using var stream = file.Create();
        var report = new Report(command, TimeProvider.System.GetUtcNow(), machine, results);
        await JsonSerializer.SerializeAsync(stream, report, Json, cancellationToken);
    }
}
