namespace GrooteDashboard.Api.Auth;

/// <summary>The policies that endpoints name. A role of the same name, or a stronger one, satisfies each.</summary>
internal static class Policies
{
    /// <summary>Reads everything.</summary>
    public const string Viewer = "Viewer";

    /// <summary>Steers tasks and talks to agents.</summary>
    public const string Operator = "Operator";

    /// <summary>Changes settings.</summary>
    public const string Admin = "Admin";

    /// <summary>Reports: engines, gateways and pipes.</summary>
    public const string Ingest = "Ingest";

    /// <summary>Keeps conversations: people who steer, and engines that report.</summary>
    public const string Participant = "Participant";

    /// <summary>Reads what people and engines both need.</summary>
    public const string Reader = "Reader";
}
