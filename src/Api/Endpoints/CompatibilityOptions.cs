namespace GrooteDashboard.Api.Endpoints;

/// <summary>Where an existing client needs another answer than the documented one (section <c>Compatibility</c>).</summary>
internal sealed class CompatibilityOptions
{
    public const string Section = "Compatibility";

    /// <summary>Whether <c>GET /api/tasks</c> without paging answers with a bare array.</summary>
    public bool BareTaskList { get; init; }
}
