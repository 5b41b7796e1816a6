namespace GrooteDashboard.Api.Realtime.Protocol;

/// <summary>Why a client that comes back does not get all that it missed.</summary>
internal static class RecoveryReasons
{
    /// <summary>The history that the client knows, or the part of it that it asks for, is gone.</summary>
    public const string HistoryLost = "history_lost";

    /// <summary>It is too much to be pushed.</summary>
    public const string TooFarBehind = "too_far_behind";
}
