using GrooteDashboard.Application.Identity.Contracts;

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

    /// <summary>Each policy, and the roles that satisfy it.</summary>
    public static IReadOnlyDictionary<string, string[]> Roles { get; } = new Dictionary<string, string[]>
    {
        [Viewer] = [Viewer, Operator, Admin],
        [Operator] = [Operator, Admin],
        [Admin] = [Admin],
        [Ingest] = [Ingest, Admin],
        [Participant] = [Operator, Ingest, Admin],
        [Reader] = [Viewer, Operator, Ingest, Admin],
    };

    /// <summary>Whether the policy lets this principal pass, where no request is at hand that would know.</summary>
    public static bool IsSatisfiedBy(Principal principal, string policy) => Roles[policy].Any(principal.Roles.Contains);
}
