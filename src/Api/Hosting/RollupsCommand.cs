using System.Globalization;
using GrooteDashboard.Application.Analytics.Ports;
using Npgsql;

namespace GrooteDashboard.Api.Hosting;

/// <summary>
/// <c>GrooteDashboard.Api rollups check</c> and <c>rollups rebuild</c>: whether the rollups are what the tasks come to, and making them so. Beside servers that run, or without.
/// </summary>
internal static class RollupsCommand
{
    public const string Name = "rollups";

    private const int Right = 0;
    private const int Wrong = 1;
    private const int Failed = 2;

    /// <returns>The exit code: 0 right (or rebuilt), 1 wrong, 2 not done.</returns>
    public static async Task<int> RunAsync(WebApplication app, string[] args)
    {
        await using var services = app;
        var maintenance = app.Services.GetRequiredService<IRollupMaintenance>();
        using var cancel = new CancellationTokenSource();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            cancel.Cancel();
        };
        try
        {
            switch (args.ElementAtOrDefault(1))
            {
                case "check":
                    var check = await maintenance.CheckAsync(cancel.Token);
                    foreach (var example in check.Examples)
                    {
                        await Console.Out.WriteLineAsync(example);
                    }

                    await Console.Out.WriteLineAsync(string.Create(
                        CultureInfo.InvariantCulture, $"{check.Tasks} tasks counted, {check.Rows} rows compared, {check.Wrong} wrong{(check.Wrong > 0 ? "; put right by: rollups rebuild" : "")}"));
                    return check.Wrong == 0 ? Right : Wrong;
                case "rebuild":
                    var rebuilt = await maintenance.RebuildAsync(cancel.Token);
                    await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{rebuilt.Tasks} tasks counted, {rebuilt.Rows} rows written"));
                    return Right;
                default:
                    await Console.Error.WriteLineAsync("Usage: rollups check | rollups rebuild");
                    return Failed;
            }
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return Failed;
        }
    }
}
