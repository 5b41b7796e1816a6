namespace GrooteDashboard.Application.Common;

/// <summary>Unique ids of domain events, ordered by time.</summary>
public interface IEventIds
{
    string Next();
}

internal sealed class EventIds(TimeProvider time) : IEventIds
{
    public string Next() => "evt-" + Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
}
