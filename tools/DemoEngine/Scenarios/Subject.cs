using System.Globalization;
using System.Text.Json.Nodes;

namespace GrooteDashboard.DemoEngine.Scenarios;

/// <summary>Where work comes from and what it is about.</summary>
internal sealed record Subject(string Source, string FlowId, JsonObject Metadata)
{
    public static Subject GitHub(string repository, int number, string eventType) => new(
        "github",
        $"github:{repository}#{number}",
        new JsonObject { ["event_type"] = eventType, ["repository"] = repository, ["number"] = number });

    public static Subject Jira(string key, string eventType) => new(
        "jira", $"jira:{key}", new JsonObject { ["event_type"] = eventType, ["issue_key"] = key });

    public static Subject Slack(Dice dice, string channel)
    {
        var channelId = "C0" + dice.Hex(9).ToUpperInvariant();
        var thread = string.Create(CultureInfo.InvariantCulture, $"17{dice.Int(60_000_000, 69_999_999)}.{dice.Int(100_000, 999_999)}");
        return new Subject(
            "slack",
            $"slack:{channelId}:{thread}",
            new JsonObject { ["event_type"] = "app_mention", ["channel"] = channelId, ["channel_name"] = channel, ["thread_ts"] = thread });
    }

    public static Subject Dashboard(Dice dice, string repository) => new(
        "dashboard", $"dashboard:{dice.Hex(12)}", new JsonObject { ["repository"] = repository });
}
