namespace GrooteDashboard.Api.Realtime.Sockets;

/// <summary>Close codes of RFC 6455, section 7.4, and our own (44xx: do not come back as you are).</summary>
internal static class CloseCodes
{
    public const int Normal = 1000;
    public const int GoingAway = 1001;
    public const int ProtocolError = 1002;
    public const int NoStatus = 1005;
    public const int Abnormal = 1006;
    public const int InvalidPayload = 1007;
    public const int MessageTooBig = 1009;
    public const int TooSlow = 4008;
    public const int NoPong = 4009;
    public const int TooMany = 4029;
    public const int Unauthenticated = 4401;
    public const int Forbidden = 4403;

    /// <summary>Whether a peer may send this code.</summary>
    public static bool IsValidOnWire(int code) => code is >= 1000 and <= 1003 or >= 1007 and <= 1014 or >= 3000 and <= 4999;
}
