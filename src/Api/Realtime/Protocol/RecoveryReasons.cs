using GrooteDashboard.Application.Realtime.Contracts;

namespace GrooteDashboard.Api.Realtime.Protocol;

/// <summary>Why a client that comes back does not get all that it missed.</summary>
internal static class RecoveryReasons
{
    /// <inheritdoc cref="GapReasons.HistoryLost"/>
    public const string HistoryLost = GapReasons.HistoryLost;

    /// <inheritdoc cref="GapReasons.TooFarBehind"/>
    public const string TooFarBehind = GapReasons.TooFarBehind;
}
