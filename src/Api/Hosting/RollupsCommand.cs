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

    /// <summary>Instead of the server.</summary>
    public static async Task<int> RunAsync(WebApplication app, string[] args)
    {
        await using var services = app;
        using var cancel = new CancellationTokenSource();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            cancel.Cancel();
        };
        return await RunAsync(
            app.Services.GetRequiredService<IRollupMaintenance>(), args.ElementAtOrDefault(1), Console.Out, Console.Error, cancel.Token);
    }

    /// <returns>The exit code: 0 right (or rebuilt), 1 wrong, 2 not done.</returns>
    public static async Task<int> RunAsync(IRollupMaintenance maintenance, string? command, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        try
        {
            switch (command)
            {
                case "check":
                    var check = await maintenance.CheckAsync(cancellationToken);
                    foreach (var example in check.Examples)
                    {
                        await output.WriteLineAsync(example);
                    }

                    await output.WriteLineAsync(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{check.Tasks} tasks counted, {check.Rows} rows compared, {check.Wrong} wrong{(check.Wrong > 0 ? "; put right by: rollups rebuild" : "")}"));
                    return check.Wrong == 0 ? Right : Wrong;
                case "rebuild":
                    var rebuilt = await maintenance.RebuildAsync(cancellationToken);
                    await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{rebuilt.Tasks} tasks counted, {rebuilt.Rows} rows written"));
                    return Right;
                default:
                    await errors.WriteLineAsync("Usage: rollups check | rollups rebuild");
                    return Failed;
            }
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or OperationCanceledException)
        {
            await errors.WriteLineAsync(e.Message);
            return Failed;
        }
    }
}
