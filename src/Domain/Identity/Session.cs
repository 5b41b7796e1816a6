using GrooteDashboard.Domain.Common;

namespace GrooteDashboard.Domain.Identity;

/// <summary>The connection of a user or a service from one machine, to which tasks belong.</summary>
public sealed class Session : Entity
{
    public const int MaxMachineIdLength = 255;

    /// <summary>The session of tasks that a gateway registers over HTTP, named as the existing system names it.</summary>
    public const string WebhookSystem = "webhook-system";

    /// <summary>The session of tasks that nobody registered: their output came first.</summary>
    public const string Unregistered = "unregistered";

    private Session()
    {
    }

    public string SessionId { get; private set; } = "";

    public string UserId { get; private set; } = "";

    public string MachineId { get; private set; } = "";

    public DateTimeOffset ConnectedAt { get; private set; }

    public DateTimeOffset? DisconnectedAt { get; private set; }

    public bool Active { get; private set; }

    public static Session Open(string sessionId, string userId, string machineId, DateTimeOffset now) => new()
    {
        SessionId = Identifier.Require(sessionId, "session_id"),
        UserId = Identifier.Require(userId, "user_id"),
        MachineId = Identifier.Require(machineId, "machine_id"),
        ConnectedAt = now,
        Active = true,
    };
}
