using Microsoft.AspNetCore.Builder;

namespace GrooteDashboard.Performance.Peers;

/// <summary>The least that a web server of this framework can be: one route.</summary>
internal static class BareServer
{
    public const string Path = "/";

    public static async Task<int> RunAsync()
    {
        var app = WebApplication.CreateBuilder().Build();
        app.MapGet(Path, () => "ready");
        await app.RunAsync();
        return 0;
    }
}
