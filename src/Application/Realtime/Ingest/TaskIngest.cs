using System.Numerics;
using FluentValidation;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;


namespace GrooteDashboard.Application.Realtime.Ingest;

/// <summary>
/// Takes in what the producers send: output goes to the log, what is said about tasks becomes commands. In the order of the messages,
/// and without losing any: while the store is away it waits; what can never work is counted and left out.
/// </summary>
public sealed partial class TaskIngest(
    ITaskLog log,
    IServiceScopeFactory scopes,
    ITaskStatusReader statuses,
    IRealtimePublisher publisher,
    IngestMetrics metrics,
    IOptions<IngestOptions> options,
    TimeProvider time,
    ILogger<TaskIngest> logger)
{
    private const int RememberedTasks = 10_000;

    private readonly BoundedMemory<bool> _streamEnded = new(RememberedTasks);
    private readonly BoundedMemory<DateTimeOffset> _completedAt = new(RememberedTasks);
    private int _retrying;

    /// <summary>Something is being tried again because the store is away.</summary>
    public bool IsRetrying => Volatile.Read(ref _retrying) > 0;

    /// <summary>Takes messages in, in order. Consecutive output is appended as one.</summary>
    /// <returns>A task that completes when all of it is stored.</returns>
    /// <exception cref="OperationCanceledException">Cancelled: the last messages may not have been taken.</exception>
    public async ValueTask<Task> TakeAsync(IReadOnlyList<ProducerMessage> messages, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var batch = new Batch();
        foreach (var message in messages)
        {
            foreach (var step in Translate(message, now))
            {
                await TakeAsync(step, batch, cancellationToken);
            }
        }

        await FlushAsync(batch, cancellationToken);
        return batch.Stored.Count == 1 ? batch.Stored[0] : Task.WhenAll(batch.Stored);
    }

    /// <summary>Counts a message that is not taken, and logs it without its payload: the first time, and ever more rarely.</summary>
    public void Reject(IngestOutcome outcome, string reason)
    {
        var times = metrics.Count(outcome, reason);
        if (outcome != IngestOutcome.Ignored && BitOperations.IsPow2(times))
        {
            LogRejected(outcome, reason, times);
        }
    }

    private static IEnumerable<IngestStep> Translate(ProducerMessage message, DateTimeOffset now) => message switch
    {
        ChannelMessage published => ChannelMessages.Translate(published, now),
        StreamEvent entry => StreamEvents.Translate(entry, now),
        _ => throw new ArgumentOutOfRangeException(nameof(message), message.GetType().Name, null),
    };

    private async ValueTask TakeAsync(IngestStep step, Batch batch, CancellationToken cancellationToken)
    {
        switch (step)
        {
            case AppendStep append:
                batch.Add(append.TaskId, append.Entry);
                break;

            case OutputEventStep output:
                if (await RepeatsAsync(output, cancellationToken))
                {
                    var report = new TaskReport(Output: JsonText.Truncate(output.Entry.Text, AgentTask.MaxOutputLength));
                    await CommandAsync(
                        new Tasks.Commands.ReportTaskCommand(output.TaskId, report, ReportOrigin.EventStream, CreateMissing: true), batch, cancellationToken);
                }
                else
                {
                    batch.Add(output.TaskId, output.Entry);
                }

                break;

            case RegisterStep register:
                await CommandAsync(register.Command, batch, cancellationToken);
                break;

            case ReportStep report:
                if (report.EndsStream)
                {
                    _streamEnded.Set(report.Command.TaskId, true);
                }

                await CommandAsync(report.Command, batch, cancellationToken);
                break;

            case CliStep cli:
                metrics.Count(IngestOutcome.Taken, IngestReasons.CliStatus);
                publisher.Publish(new ChannelFrame(Channels.Cli, null, time.GetUtcNow(), new CliStatusMessage(cli.Active)));
                break;

            case RejectStep reject:
                Reject(reject.Outcome, reject.Reason);
                break;
        }
    }

    /// <summary>
    /// Whether the engine's <c>task:output</c> repeats at the end what was streamed. It does when the raw output came before it, or when it
    /// was written after the task was final. The task's status alone would not do: the report of the end may overtake streamed output
    /// that still waits to be read, and nothing that was streamed may get lost.
    /// </summary>
    private async ValueTask<bool> RepeatsAsync(OutputEventStep output, CancellationToken cancellationToken)
    {
        if (_streamEnded.TryGet(output.TaskId, out _))
        {
            return true;
        }

        var (known, status) = await TryAsync("read a status", (_, token) => statuses.GetStatusAsync(output.TaskId, token).AsTask(), cancellationToken);
        if (!known || status is null || !status.Value.IsFinal())
        {
            return false;
        }

        if (!_completedAt.TryGet(output.TaskId, out var completedAt))
        {
            var (found, task) = await TryAsync(
                "read a task",
                (services, token) => services.GetRequiredService<IAgentTaskRepository>().FindAsync(output.TaskId, token),
                cancellationToken);
            if (!found || task?.CompletedAt is not { } moment)
            {
                return false;
            }

            completedAt = moment;
            _completedAt.Set(output.TaskId, moment);
        }

        return output.WrittenAt > completedAt;
    }

    private async ValueTask CommandAsync<TResult>(IRequest<TResult> command, Batch batch, CancellationToken cancellationToken)
    {
        // What came before it goes into the log before it.
        await FlushAsync(batch, cancellationToken);
        var (done, _) = await TryAsync(
            command.GetType().Name,
            (services, token) => services.GetRequiredService<IMediator>().Send(command, token),
            cancellationToken);
        if (done)
        {
            metrics.Count(IngestOutcome.Taken, IngestReasons.Command);
        }
    }

    private async ValueTask FlushAsync(Batch batch, CancellationToken cancellationToken)
    {
        if (batch.Count > 0)
        {
            batch.Stored.Add(await log.AppendAsync(batch.TakeAppends(out var entries), cancellationToken));
            metrics.Count(IngestOutcome.Taken, IngestReasons.Output, entries);
        }
    }

    /// <summary>Tries until it works, unless waiting cannot help.</summary>
    private async Task<(bool Done, T? Result)> TryAsync<T>(
        string what, Func<IServiceProvider, CancellationToken, Task<T>> action, CancellationToken cancellationToken)
    {
        var hopeless = 0;
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var result = await action(scope.ServiceProvider, cancellationToken);
                if (attempt > 0)
                {
                    LogRecovered(what, attempt + 1);
                }

                return (true, result);
            }
            catch (Exception e) when (e is DomainRuleException or ValidationException)
            {
                Reject(IngestOutcome.Refused, e is DomainRuleException rule ? rule.Code : IngestReasons.InvalidCommand);
                return (false, default);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                if (!Transience.IsTransient(e) && ++hopeless >= options.Value.MaxAttempts)
                {
                    metrics.Count(IngestOutcome.Failed, IngestReasons.Error);
                    LogFailed(what, hopeless, e);
                    return (false, default);
                }

                if (attempt == 0)
                {
                    LogRetrying(what, e.GetType().Name);
                }
            }

            Interlocked.Increment(ref _retrying);
            try
            {
                await Task.Delay(Backoff.Delay(attempt, options.Value.RetryDelay, options.Value.MaxRetryDelay), time, cancellationToken);
            }
            finally
            {
                Interlocked.Decrement(ref _retrying);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "A producer's message was not taken: {Outcome}, {Reason} ({Times} so far)")]
    private partial void LogRejected(IngestOutcome outcome, string reason, long times);

    [LoggerMessage(LogLevel.Warning, "Cannot {What} for a producer's message: {Error}; trying again until it works")]
    private partial void LogRetrying(string what, string error);

    [LoggerMessage(LogLevel.Information, "{What} for a producer's message worked at attempt {Attempts}")]
    private partial void LogRecovered(string what, int attempts);

    [LoggerMessage(LogLevel.Error, "{What} for a producer's message failed {Attempts} times; the message is left out")]
    private partial void LogFailed(string what, int attempts, Exception exception);

    /// <summary>Output that goes into the log in one call, by task in the order of the tasks' first entries.</summary>
    private sealed class Batch
    {
        private readonly Dictionary<string, List<LogEntry>> _byTask = new(StringComparer.Ordinal);
        private List<LogAppend> _appends = [];

        /// <summary>What was handed over so far.</summary>
        public List<Task> Stored { get; } = [];

        public int Count { get; private set; }

        public void Add(string taskId, OutputEntry entry)
        {
            if (!_byTask.TryGetValue(taskId, out var entries))
            {
                _byTask.Add(taskId, entries = []);
                _appends.Add(new LogAppend(taskId, entries) { CanWait = true });
            }

            entries.Add(entry);
            Count++;
        }

        public List<LogAppend> TakeAppends(out int entries)
        {
            var taken = _appends;
            entries = Count;
            _byTask.Clear();
            _appends = [];
            Count = 0;
            return taken;
        }
    }
}
