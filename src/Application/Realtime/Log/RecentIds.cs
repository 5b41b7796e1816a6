namespace GrooteDashboard.Application.Realtime.Log;

/// <summary>
/// The producers' ids of a task's newest entries. It answers most questions of "was this taken already?" without the store;
/// ids that are not stored yet are never forgotten.
/// </summary>
internal sealed class RecentIds(bool complete)
{
    public const int Capacity = 4096;

    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly Queue<(string Id, long Offset)> _order = new();

    /// <summary>Holds every id that the task ever had: what is not here is new.</summary>
    public bool Complete { get; private set; } = complete;

    public bool Contains(string id) => _ids.Contains(id);

    public void Add(string id, long offset, long storedOffset)
    {
        _ids.Add(id);
        _order.Enqueue((id, offset));
        while (_order.Count > Capacity && _order.Peek().Offset <= storedOffset)
        {
            _ids.Remove(_order.Dequeue().Id);
            Complete = false;
        }
    }
}
