using GrooteDashboard.Application.Identity.Contracts;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.Api.Realtime;

/// <summary>
/// Every open connection, and when it has to be looked at. A sweep goes over one array and touches only the connections for which there is something
/// to do: with thousands that are idle, fetching each of them into the processor's cache was most of what the server did.
/// </summary>
internal sealed class ConnectionRegistry(IOptions<RealtimeOptions> options, TimeProvider time)
{
    /// <summary>Sets that once held everybody are not kept so large.</summary>
    private const int MaxKeptCapacity = 256;

    private readonly long _beat = (long)(options.Value.HeartbeatInterval.TotalSeconds * time.TimestampFrequency);
    private readonly Lock _gate = new();
    private readonly List<Place> _places = [];

    // With something under way that has a deadline, or new.
    private HashSet<Connection> _restless = [];

    // The sweep's own.
    private readonly List<Connection> _due = [];
    private readonly List<Connection> _over = [];
    private HashSet<Connection> _looking = [];

    public void Add(Connection connection)
    {
        lock (_gate)
        {
            connection.Place = _places.Count;
            _places.Add(new Place(connection, connection.Access.Principal, time.GetTimestamp() + _beat));
            _restless.Add(connection);
        }
    }

    public void Remove(Connection connection)
    {
        lock (_gate)
        {
            var last = _places[^1];
            last.Connection.Place = connection.Place;
            _places[connection.Place] = last;
            _places.RemoveAt(_places.Count - 1);
            connection.Place = -1;
            _restless.Remove(connection);
        }
    }

    /// <summary>Something has begun that must not last too long, or the connection is somebody else's now: from the next sweep on it is looked at, until it has nothing under way.</summary>
    public void LookAfter(Connection connection)
    {
        lock (_gate)
        {
            if (connection.Place >= 0)
            {
                _restless.Add(connection);
            }
        }
    }

    public IReadOnlyList<Connection> All()
    {
        lock (_gate)
        {
            return [.. _places.Select(place => place.Connection)];
        }
    }

    /// <summary>Heartbeats, credentials and deadlines, as of <paramref name="now"/>. One sweep at a time.</summary>
    public void Sweep(long now)
    {
        Choose(now);
        foreach (var connection in _over)
        {
            connection.EndIfOver();
        }

        foreach (var connection in _looking)
        {
            if (connection.IsUnderWay(now))
            {
                LookAfter(connection);
            }
        }

        foreach (var connection in _due)
        {
            connection.Beat();
        }

        _over.Clear();
        _due.Clear();
        if (_looking.Count > MaxKeptCapacity)
        {
            _looking = [];
        }

        _looking.Clear();
    }

    private void Choose(long now)
    {
        lock (_gate)
        {
            (_looking, _restless) = (_restless, _looking);
            foreach (var connection in _looking)
            {
                // It may be somebody else's since.
                _places[connection.Place] = _places[connection.Place] with { Principal = connection.Access.Principal };
            }

            Principal? known = null;
            var isOver = false;
            for (var index = 0; index < _places.Count; index++)
            {
                var (connection, principal, beatAt) = _places[index];
                if (principal is not null && !ReferenceEquals(principal, known))
                {
                    // Of several connections of the same, one is asked.
                    (known, isOver) = (principal, connection.Access.IsOver);
                }

                if (isOver && principal is not null)
                {
                    _over.Add(connection);
                }

                if (beatAt <= now)
                {
                    _places[index] = new Place(connection, principal, now + _beat);
                    _due.Add(connection);
                }
            }
        }
    }

    /// <param name="Connection">The connection.</param>
    /// <param name="Principal">Whose it is; null: that is not known yet.</param>
    /// <param name="BeatAt">Timestamp from which on its next heartbeat is due.</param>
    private readonly record struct Place(Connection Connection, Principal? Principal, long BeatAt);
}
