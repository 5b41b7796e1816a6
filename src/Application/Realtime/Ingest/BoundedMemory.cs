using System.Diagnostics.CodeAnalysis;

namespace GrooteDashboard.Application.Realtime.Ingest;

/// <summary>Remembers the newest few facts about tasks; what it forgets can be found out again, or is only a hint.</summary>
public sealed class BoundedMemory<T>(int capacity)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, T> _values = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    public void Set(string key, T value)
    {
        lock (_lock)
        {
            if (!_values.ContainsKey(key))
            {
                _order.Enqueue(key);
                if (_order.Count > capacity)
                {
                    _values.Remove(_order.Dequeue());
                }
            }

            _values[key] = value;
        }
    }

    public bool TryGet(string key, [MaybeNullWhen(false)] out T value)
    {
        lock (_lock)
        {
            return _values.TryGetValue(key, out value);
        }
    }
}
