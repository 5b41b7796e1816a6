namespace GrooteDashboard.Domain.Common;

/// <summary>A business rule refused what was asked. The code is stable for clients, the message is one readable sentence.</summary>
public sealed class DomainRuleException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;
}
