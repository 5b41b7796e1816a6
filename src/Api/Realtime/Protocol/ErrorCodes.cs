namespace GrooteDashboard.Api.Realtime.Protocol;

/// <summary>What <c>error</c> frames say to programs.</summary>
internal static class ErrorCodes
{
    public const string Malformed = "malformed";
    public const string UnknownType = "unknown_type";
    public const string Invalid = "invalid";
    public const string Forbidden = "forbidden";
    public const string NotFound = "not_found";
    public const string Conflict = "conflict";
    public const string InvalidChannel = "invalid_channel";
    public const string TooManyChannels = "too_many_channels";
    public const string TooManySubscriptions = "too_many_subscriptions";
    public const string TooLarge = "too_large";
    public const string TooFast = "too_fast";
    public const string BinaryNotSupported = "binary_not_supported";
    public const string Unauthenticated = "unauthenticated";
    public const string Unavailable = "unavailable";
}
