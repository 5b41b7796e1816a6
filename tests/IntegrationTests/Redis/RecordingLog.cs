using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.IntegrationTests.Redis;

/// <summary>A log that remembers what it was given, and stores it when the test says so.</summary>
internal sealed class RecordingLog : ITaskLog, ITaskStatusReader
{
    private readonly Lock _lock = new();
    private readonly List<(string TaskId, string What)> _lines = [];
    private readonly List<string> _announcements = [];
    private readonly List<(TaskCompletionSource<AppendReceipt> Stored, int Entries)> _unstored = [];
    private TaskCompletionSource? _noRoom;
    private bool _stores = true;
    private int _unstoredEntries;
    private int _waiting;

    /// <summary>The most entries that were taken but not stored at one time.</summary>
    public int MostUnstored { get; private set; }

    public int Appends { get; private set; }

    /// <summary>Appends that wait for the door to open.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Output by its text, a command as <c>!status</c>, an announcement as <c>~reason</c>, in their order.</summary>
    public IReadOnlyList<(string TaskId, string What)> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    public IReadOnlyList<string> Announcements
    {
        get
        {
            lock (_lock)
            {
                return [.. _announcements];
            }
        }
    }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _lines.Count;
            }
        }
    }

    /// <summary>The texts of one task.</summary>
    public IEnumerable<string> Of(string taskId) => Lines.Where(line => line.TaskId == taskId).Select(line => line.What);

    /// <summary>From now on appends wait, as they do while the store is away for long.</summary>
    public void CloseDoor()
    {
        lock (_lock)
        {
            _noRoom = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void OpenDoor()
    {
        lock (_lock)
        {
            _noRoom?.SetResult();
            _noRoom = null;
        }
    }

    /// <summary>From now on nothing that is taken gets stored.</summary>
    public void StopStoring()
    {
        lock (_lock)
        {
            _stores = false;
        }
    }

    /// <summary>Stores what was taken, and what will be.</summary>
    public void Store()
    {
        lock (_lock)
        {
            _stores = true;
            _unstored.ForEach(append => append.Stored.SetResult(default));
            _unstored.Clear();
            _unstoredEntries = 0;
        }
    }

    public void Record(string taskId, string what)
    {
        lock (_lock)
        {
            _lines.Add((taskId, what));
        }
    }

    public async ValueTask<Task<AppendReceipt>> AppendAsync(IReadOnlyList<LogAppend> appends, CancellationToken cancellationToken)
    {
        Task? room;
        lock (_lock)
        {
            room = _noRoom?.Task;
        }

        if (room is not null)
        {
            Interlocked.Increment(ref _waiting);
            await room.WaitAsync(cancellationToken);
            Interlocked.Decrement(ref _waiting);
        }

        cancellationToken.ThrowIfCancellationRequested();
        var stored = new TaskCompletionSource<AppendReceipt>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            Appends++;
            foreach (var append in appends)
            {
                _lines.AddRange(append.Entries.Cast<OutputEntry>().Select(entry => (append.TaskId, entry.Text)));
            }

            if (_stores)
            {
                stored.SetResult(default);
            }
            else
            {
                var entries = appends.Sum(append => append.Entries.Count);
                _unstored.Add((stored, entries));
                _unstoredEntries += entries;
                MostUnstored = Math.Max(MostUnstored, _unstoredEntries);
            }
        }

        return stored.Task;
    }

    public void AnnounceInterruption(string reason) => Announce("*", reason);

    public void AnnounceLoss(string taskId, string reason) => Announce(taskId, reason);

    public Task WaitForMoreAsync(string taskId, long offset, TimeSpan atMost, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<AgentTaskStatus?> GetStatusAsync(string taskId, CancellationToken cancellationToken) => new(AgentTaskStatus.Running);

    private void Announce(string taskId, string reason)
    {
        lock (_lock)
        {
            _lines.Add((taskId, "~" + reason));
            _announcements.Add($"{taskId} {reason}");
        }
    }
}
