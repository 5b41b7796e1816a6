using GrooteDashboard.Application.Analytics.Contracts;

namespace GrooteDashboard.Application.Analytics.Ports;

/// <summary>What conversations come to, by the totals that each keeps of its own runs.</summary>
public interface IConversationCostReader
{
    /// <summary>Those whose first run began in the range (either end may be open), newest first.</summary>
    Task<ConversationCosts> ReadAsync(
        DateTimeOffset? from, DateTimeOffset? to, bool costliestFirst, int offset, int limit, CancellationToken cancellationToken);
}
