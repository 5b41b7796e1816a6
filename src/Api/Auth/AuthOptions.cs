using System.ComponentModel.DataAnnotations;

namespace GrooteDashboard.Api.Auth;

/// <summary>Who may do what (section <c>Auth</c>).</summary>
public sealed class AuthOptions
{
    public const string Section = "Auth";

    /// <summary>Open: everybody who reaches the server may do everything. The only mode until sign-in exists.</summary>
    [EnumDataType(typeof(AuthMode))]
    public AuthMode Mode { get; init; } = AuthMode.Open;

    /// <summary>Open mode starts only on loopback addresses unless this says that the network around the server keeps strangers out.</summary>
    public bool AllowOpenOnNetwork { get; init; }
}

public enum AuthMode
{
    Open,
}
