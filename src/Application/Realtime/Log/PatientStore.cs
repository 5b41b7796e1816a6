using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Application.Realtime.Log;

/// <summary>The store as the log uses it: it may be away for as long as it likes, nothing that was taken is given up.</summary>
public sealed partial class PatientStore(ITaskLogStore store, TimeProvider time, TaskLogMetrics metrics, ILogger logger)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);

    /// <inheritdoc cref="ITaskLogStore.OpenAsync"/>
    public Task<IReadOnlyList<OpenedTask>> OpenAsync(IReadOnlyCollection<string> taskIds, CancellationToken cancellationToken) =>
        UntilItWorksAsync("open tasks", token => store.OpenAsync(taskIds, token), cancellationToken);

    /// <inheritdoc cref="ITaskLogStore.FindSourceIdsAsync"/>
    public Task<IReadOnlySet<(string TaskId, string SourceId)>> FindSourceIdsAsync(
        IReadOnlyCollection<(string TaskId, string SourceId)> ids, CancellationToken cancellationToken) =>
        UntilItWorksAsync("look up ids", token => store.FindSourceIdsAsync(ids, token), cancellationToken);

    /// <summary>Stores rows; a row that the store refuses for ever is counted and left out.</summary>
    /// <returns>How many rows were moved, because their offset held something else.</returns>
    public async Task<int> WriteAsync(IReadOnlyList<LogRow> rows, IReadOnlyList<long> outboxIds, CancellationToken cancellationToken)
    {
        if (rows.Count == 0 && outboxIds.Count == 0)
        {
            return 0;
        }

        try
        {
            return await UntilItWorksAsync("store rows", token => store.WriteAsync(rows, outboxIds, token), cancellationToken);
        }
        catch (LogRejectedException e) when (rows.Count <= 1)
        {
            metrics.Rejected();
            LogRejected(rows.Count == 1 ? rows[0].TaskId : "", rows.Count == 1 ? rows[0].Offset : 0, e);
            return await WriteAsync([], outboxIds, cancellationToken);
        }
        catch (LogRejectedException)
        {
            // One row must not keep the others from being stored.
            return await WriteAsync([.. rows.Take(rows.Count / 2)], [], cancellationToken)
                + await WriteAsync([.. rows.Skip(rows.Count / 2)], outboxIds, cancellationToken);
        }
    }

    private async Task<T> UntilItWorksAsync<T>(string what, Func<CancellationToken, Task<T>> attempt, CancellationToken cancellationToken)
    {
        var delay = FirstRetry;
        while (true)
        {
            try
            {
                var answer = await attempt(cancellationToken);
                metrics.StoreAnswered();
                return answer;
            }
            catch (Exception e) when (e is not LogRejectedException && !cancellationToken.IsCancellationRequested)
            {
                metrics.StoreFailed();
                LogStoreAway(what, delay.TotalMilliseconds, e.GetType().Name);
                await Task.Delay(delay, time, cancellationToken);
                delay = delay * 2 < LongestRetry ? delay * 2 : LongestRetry;
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "The log cannot {What}: {Error}; next attempt in {DelayMs:0} ms")]
    private partial void LogStoreAway(string what, double delayMs, string error);

    [LoggerMessage(LogLevel.Error, "The store refuses row {Offset} of task {TaskId}; it is left out")]
    private partial void LogRejected(string taskId, long offset, Exception exception);
}
