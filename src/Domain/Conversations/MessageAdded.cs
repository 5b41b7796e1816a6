using GrooteDashboard.Domain.Common;

namespace GrooteDashboard.Domain.Conversations;

/// <summary>Somebody said something.</summary>
/// <param name="EventId">Unique.</param>
/// <param name="OccurredAt">When.</param>
/// <param name="Message">What was said.</param>
public sealed record MessageAdded(string EventId, DateTimeOffset OccurredAt, Message Message) : IDomainEvent;
