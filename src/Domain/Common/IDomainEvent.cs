namespace GrooteDashboard.Domain.Common;

/// <summary>Something that happened to an aggregate, in the past tense. Immutable.</summary>
public interface IDomainEvent
{
    /// <summary>Unique; a consumer that sees the same id twice takes it once.</summary>
    string EventId { get; }

    DateTimeOffset OccurredAt { get; }
}
