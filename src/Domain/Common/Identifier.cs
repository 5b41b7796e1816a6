using System.Buffers;

namespace GrooteDashboard.Domain.Common;

/// <summary>
/// The form of every id that producers and clients may name: 1 to 255 of <c>A-Z a-z 0-9 . _ : @ # -</c>.
/// No slash and not only dots, so that an id is always one path segment that goes nowhere else.
/// </summary>
public static class Identifier
{
    public const int MaxLength = 255;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@#-");

    public static bool IsValid(ReadOnlySpan<char> id) =>
        id.Length is > 0 and <= MaxLength && !id.ContainsAnyExcept(Allowed) && id.ContainsAnyExcept('.');

    /// <exception cref="DomainRuleException">The id does not have the form.</exception>
    public static string Require(string id, string name) =>
        IsValid(id)
            ? id
            : throw new DomainRuleException("invalid_id", $"{name} must be 1 to {MaxLength} characters of A-Z a-z 0-9 . _ : @ # -");
}
