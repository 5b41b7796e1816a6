using GrooteDashboard.Application.Tasks.Ports;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

/// <summary>
/// Tasks that are asked for at the same time are read by one statement (the data loader pattern): who comes alone is served at once, and who comes while all
/// readers are busy waits with the others for the first that is free. The busier the server, the less a task costs PostgreSQL.
/// </summary>
internal sealed class TaskLoader([FromKeyedServices(PlainReads.PlannedOnce)] NpgsqlDataSource source)
{
    /// <summary>Statements at a time: while the answer of one is read, PostgreSQL works on the other.</summary>
    public const int MaxReaders = 2;

    /// <summary>Tasks in one statement; each brings at most <see cref="TaskRow.MaxOutputLength"/> characters of output.</summary>
    private const int MaxBatch = 32;

    /// <summary>Requests that wait; one more is refused.</summary>
    public const int MaxWaiting = 4_096;

    private readonly Lock _lock = new();
    private readonly Queue<Request> _waiting = [];
    private int _readers;

    /// <summary>The task as it is now or later; null where there is none.</summary>
    /// <exception cref="TimeoutException">Too many wait already.</exception>
    /// <exception cref="NpgsqlException">It cannot be read now.</exception>
    public Task<FoundTask?> FindAsync(string taskId, CancellationToken cancellationToken)
    {
        var request = new Request(taskId);
        bool isReader;
        lock (_lock)
        {
            if (_waiting.Count == MaxWaiting)
            {
                throw new TimeoutException($"{MaxWaiting} requests for a task wait already.");
            }

            _waiting.Enqueue(request);
            isReader = _readers < MaxReaders;
            _readers += isReader ? 1 : 0;
        }

        if (isReader)
        {
            // It serves others as well: neither their log lines nor their traces belong to the request that happened to come first.
            using var apart = ExecutionContext.SuppressFlow();
            _ = ReadAllAsync();
        }

        return request.Answer.WaitAsync(cancellationToken);
    }

    private async Task ReadAllAsync()
    {
        while (Next() is { Length: > 0 } batch)
        {
            try
            {
                await ReadAsync(batch);
            }
            catch (Exception e)
            {
                foreach (var request in batch)
                {
                    request.Fail(e);
                }
            }
        }
    }

    /// <summary>Those that have waited longest; empty where nobody waits, and then this reader is none any more.</summary>
    private Request[] Next()
    {
        lock (_lock)
        {
            var batch = new Request[Math.Min(_waiting.Count, MaxBatch)];
            for (var i = 0; i < batch.Length; i++)
            {
                batch[i] = _waiting.Dequeue();
            }

            _readers -= batch.Length == 0 ? 1 : 0;
            return batch;
        }
    }

    private async Task ReadAsync(Request[] batch)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = TaskRow.Ask(connection, Array.ConvertAll(batch, request => request.TaskId));
        await command.PrepareAsync();
        await using var rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            var (place, found) = TaskRow.Read(rows);
            batch[place].End(found);
        }

        foreach (var request in batch)
        {
            request.End(null);
        }
    }

    private sealed class Request(string taskId)
    {
        private readonly TaskCompletionSource<FoundTask?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string TaskId => taskId;

        public Task<FoundTask?> Answer => _answer.Task;

        /// <summary>Only the first counts.</summary>
        public void End(FoundTask? found) => _answer.TrySetResult(found);

        public void Fail(Exception e)
        {
            _answer.TrySetException(e);
            // Where nobody waits any more, nobody looks.
            _ = _answer.Task.Exception;
        }
    }
}
