using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Identity;

namespace GrooteDashboard.Domain.Tasks;

/// <summary>
/// One piece of work of an agent: what the documents call Task.
/// It is registered by a client or a gateway, or created by its own first output, and then only listens to what the engine reports.
/// </summary>
public sealed class AgentTask : Entity
{
    public const int MaxNameLength = 255;
    public const int MaxKindLength = 50;
    public const int MaxInputLength = 1_000_000;
    public const int MaxOutputLength = 16 * 1024 * 1024;
    public const int MaxErrorLength = 100_000;
    public const int MaxMetadataLength = 1_000_000;
    public const string UnknownSource = "unknown";

    /// <summary>The source of tasks that somebody asked for in a chat here.</summary>
    public const string DashboardSource = "dashboard";

    public const string NoMetadata = "{}";
    public const string DefaultAgent = "brain";
    public const string DefaultAgentType = "webhook";

    /// <summary>How long a <c>completed</c> from the status channel may still turn out to be a failure (contract: 60 s).</summary>
    public static readonly TimeSpan ProvisionalFor = TimeSpan.FromSeconds(60);

    /// <summary>How long a final output waits for streamed output that it would only repeat.</summary>
    public static readonly TimeSpan OutputGrace = TimeSpan.FromSeconds(2);

    private AgentTask()
    {
    }

    public string TaskId { get; private set; } = "";

    public string SessionId { get; private set; } = "";

    public string UserId { get; private set; } = "";

    public AgentTaskStatus Status { get; private set; }

    /// <summary>Until then a <c>completed</c> may become <c>failed</c>; null when the status is settled.</summary>
    public DateTimeOffset? ProvisionalUntil { get; private set; }

    public string? AssignedAgent { get; private set; }

    public string AgentType { get; private set; } = "";

    public string Source { get; private set; } = "";

    /// <summary>The language model that works on it, by the name that the engine gives it; null where nobody said.</summary>
    public string? Model { get; private set; }

    public DateTimeOffset CreatedAt { get; private set; }

    public DateTimeOffset? StartedAt { get; private set; }

    public DateTimeOffset? CompletedAt { get; private set; }

    public string InputMessage { get; private set; } = "";

    public string? Result { get; private set; }

    public string? Error { get; private set; }

    /// <summary>The whole output as the engine reports it at the end.</summary>
    public string? FinalOutput { get; private set; }

    /// <summary>When the final output enters the log unless output was streamed; null when that is decided.</summary>
    public DateTimeOffset? OutputDueAt { get; private set; }

    public decimal? CostUsd { get; private set; }

    public long? InputTokens { get; private set; }

    public long? OutputTokens { get; private set; }

    /// <summary>Seconds of the run as the engine reports it.</summary>
    public double? DurationSeconds { get; private set; }

    /// <summary>JSON object.</summary>
    public string SourceMetadata { get; private set; } = NoMetadata;

    public string? ConversationId { get; private set; }

    public string? FlowId { get; private set; }

    public string? ParentTaskId { get; private set; }

    /// <summary>When a person asked for it to be stopped; null where nobody did.</summary>
    public DateTimeOffset? StopRequestedAt { get; private set; }

    /// <summary>When it was certain that nothing runs any more. Null after <see cref="StopRequestedAt"/>: the engine has not said so yet.</summary>
    public DateTimeOffset? StopConfirmedAt { get; private set; }

    /// <summary>Grows by one with every change; a repeat of a change is recognisable by (task_id, version).</summary>
    public int Version { get; private set; }

    /// <summary>What its run comes to so far.</summary>
    public RunTotals Totals => Status.IsFinal() && StartedAt is { } started && CompletedAt is { } completed
        ? RunTotals.Of(CostUsd ?? 0, DurationSeconds, started, completed)
        : RunTotals.None;

    /// <summary>Whether a person stopped it and the engine may still be at work on it.</summary>
    public bool IsStopUnconfirmed => StopRequestedAt is not null && StopConfirmedAt is null;

    public static AgentTask Register(string taskId, TaskRegistration registration, DateTimeOffset now, string eventId)
    {
        var task = new AgentTask
        {
            TaskId = Identifier.Require(taskId, "task_id"),
            SessionId = registration.SessionId,
            UserId = registration.UserId,
            Status = AgentTaskStatus.Queued,
            CreatedAt = now,
        };
        task.Source = registration.Source;
        task.SourceMetadata = registration.SourceMetadata;
        task.InputMessage = registration.InputMessage;
        task.AssignedAgent = registration.AssignedAgent;
        task.AgentType = registration.AgentType;
        task.ConversationId = registration.ConversationId;
        task.FlowId = registration.FlowId;
        task.ParentTaskId = registration.ParentTaskId;
        task.Model = registration.Model;
        task.Changed(now, eventId, previous: null);
        return task;
    }

    /// <summary>A task that is known only because output or a report of it arrived: it runs, that much is certain.</summary>
    public static AgentTask FromOutput(string taskId, DateTimeOffset now, string eventId)
    {
        var task = new AgentTask
        {
            TaskId = Identifier.Require(taskId, "task_id"),
            SessionId = Session.Unregistered,
            UserId = UnknownSource,
            Source = UnknownSource,
            AgentType = UnknownSource,
            Status = AgentTaskStatus.Running,
            CreatedAt = now,
            StartedAt = now,
        };
        task.Changed(now, eventId, previous: null);
        return task;
    }

    /// <summary>
    /// Takes from a registration what is not known yet: all of it where the task was created by its own output, and else what an earlier
    /// registration by another way left out. Repeating a registration changes nothing.
    /// </summary>
    /// <returns>Whether anything changed.</returns>
    public bool FillIn(TaskRegistration registration, DateTimeOffset now, string eventId)
    {
        var before = (SessionId, UserId, Source, SourceMetadata, InputMessage, AssignedAgent, AgentType, ConversationId, FlowId, ParentTaskId, Model);
        if (SessionId == Session.Unregistered)
        {
            (SessionId, UserId) = (registration.SessionId, registration.UserId);
        }

        Source = Source == UnknownSource ? registration.Source : Source;
        SourceMetadata = SourceMetadata == NoMetadata ? registration.SourceMetadata : SourceMetadata;
        InputMessage = InputMessage.Length == 0 ? registration.InputMessage : InputMessage;
        AssignedAgent ??= registration.AssignedAgent;
        AgentType = AgentType == UnknownSource ? registration.AgentType : AgentType;
        ConversationId ??= registration.ConversationId;
        FlowId ??= registration.FlowId;
        ParentTaskId ??= registration.ParentTaskId;
        Model ??= registration.Model;
        if (before == (SessionId, UserId, Source, SourceMetadata, InputMessage, AssignedAgent, AgentType, ConversationId, FlowId, ParentTaskId, Model))
        {
            return false;
        }

        Changed(now, eventId, previous: null);
        return true;
    }

    /// <summary>
    /// Takes an engine's report. A final status stays, with one exception: within <see cref="ProvisionalFor"/> a <c>completed</c> from the
    /// status channel may become <c>failed</c>. A final task still takes figures that were not known, once.
    /// A report that skips <c>running</c> passes through it: the report of the start was lost on the way.
    /// </summary>
    /// <returns>Whether anything changed.</returns>
    /// <exception cref="DomainRuleException">The transition is not legal, or a figure is out of bounds.</exception>
    public bool Report(TaskReport report, ReportOrigin origin, DateTimeOffset now, Func<string> newEventId)
    {
        if (report.Figures?.Violation() is { } violation)
        {
            throw new DomainRuleException("invalid_figures", violation);
        }

        var wasFinal = Status.IsFinal();
        var wasProvisional = IsProvisional(now);
        var moved = report.Status is { } status && (wasFinal ? Correct(status, origin, now, newEventId) : Advance(status, now, newEventId));
        if (moved && !wasFinal && Status == AgentTaskStatus.Completed && origin == ReportOrigin.StatusChannel)
        {
            ProvisionalUntil = now + ProvisionalFor;
        }

        // The engine brings the true figures with its PATCH, so that one may still replace what came before it.
        var overwrite = !wasFinal || (wasProvisional && origin == ReportOrigin.Patch);
        if (wasFinal && origin == ReportOrigin.Patch && report.Status is { } said && said.IsFinal())
        {
            ProvisionalUntil = null;
        }

        var learnt = Take(report, overwrite, replaceOutput: !wasFinal, now);
        if (wasFinal && IsStopUnconfirmed && report.Status is { } end && end.IsFinal())
        {
            StopConfirmedAt = now;
            learnt = true;
        }

        if (learnt && !moved)
        {
            Changed(now, newEventId(), previous: null);
        }

        return moved || learnt;
    }

    /// <summary>Moves to another status if the table allows it.</summary>
    /// <exception cref="DomainRuleException">It does not.</exception>
    public void TransitionTo(AgentTaskStatus next, DateTimeOffset now, string eventId)
    {
        if (!AgentTaskLifecycle.CanTransition(Status, next))
        {
            throw new DomainRuleException("illegal_transition", $"A task that is {Status.Name()} cannot become {next.Name()}.");
        }

        var previous = Status;
        Status = next;
        if (next == AgentTaskStatus.Running)
        {
            StartedAt ??= now;
        }

        if (next.IsFinal())
        {
            CompletedAt = now;
            ScheduleOutput(now);
        }

        Changed(now, eventId, previous);
    }

    /// <summary>A person stops it: it is cancelled from now on, whatever the engine says later.</summary>
    /// <param name="now">When.</param>
    /// <param name="eventId">Unique.</param>
    /// <param name="confirmed">Whether it is certain that no engine has it.</param>
    /// <returns>False where it has ended already: nothing changes.</returns>
    public bool Stop(DateTimeOffset now, string eventId, bool confirmed)
    {
        if (Status.IsFinal())
        {
            return false;
        }

        StopRequestedAt = now;
        StopConfirmedAt = confirmed ? now : null;
        TransitionTo(AgentTaskStatus.Cancelled, now, eventId);
        return true;
    }

    /// <summary>It was taken out of the engine's queue before anybody began with it.</summary>
    /// <returns>Whether anything changed.</returns>
    public bool ConfirmStop(DateTimeOffset now, string eventId)
    {
        if (!IsStopUnconfirmed)
        {
            return false;
        }

        StopConfirmedAt = now;
        Changed(now, eventId, previous: null);
        return true;
    }

    /// <summary>Says again how it ended: something that belongs to it was added after that, and those who watch look again.</summary>
    public void SayAgain(DateTimeOffset now, string eventId) => Changed(now, eventId, previous: null);

    /// <summary>The provisional time is over: what was reported stands.</summary>
    public bool Settle(DateTimeOffset now)
    {
        if (ProvisionalUntil is not { } until || until > now)
        {
            return false;
        }

        ProvisionalUntil = null;
        return true;
    }

    /// <summary>It is decided whether the final output enters the log.</summary>
    public void OutputDecided() => OutputDueAt = null;

    public bool IsProvisional(DateTimeOffset now) => ProvisionalUntil > now;

    private bool Advance(AgentTaskStatus status, DateTimeOffset now, Func<string> newEventId)
    {
        if (status == Status)
        {
            return false;
        }

        if (!AgentTaskLifecycle.CanTransition(Status, status)
            && AgentTaskLifecycle.CanTransition(Status, AgentTaskStatus.Running)
            && AgentTaskLifecycle.CanTransition(AgentTaskStatus.Running, status))
        {
            TransitionTo(AgentTaskStatus.Running, now, newEventId());
        }

        TransitionTo(status, now, newEventId());
        return true;
    }

    private bool Correct(AgentTaskStatus status, ReportOrigin origin, DateTimeOffset now, Func<string> newEventId)
    {
        if (Status != AgentTaskStatus.Completed || status != AgentTaskStatus.Failed || !IsProvisional(now) || origin == ReportOrigin.StatusChannel)
        {
            return false;
        }

        Status = AgentTaskStatus.Failed;
        ProvisionalUntil = null;
        Changed(now, newEventId(), AgentTaskStatus.Completed);
        return true;
    }

    private bool Take(TaskReport report, bool overwrite, bool replaceOutput, DateTimeOffset now)
    {
        var before = (CostUsd, InputTokens, OutputTokens, DurationSeconds, Result, Error, FinalOutput, Model);
        var figures = report.Figures ?? TaskFigures.None;
        CostUsd = Pick(CostUsd, figures.CostUsd, overwrite);
        InputTokens = Pick(InputTokens, figures.InputTokens, overwrite);
        OutputTokens = Pick(OutputTokens, figures.OutputTokens, overwrite);
        DurationSeconds = Pick(DurationSeconds, figures.DurationSeconds, overwrite);
        Result = Pick(Result, report.Result, overwrite);
        Error = Pick(Error, report.Error, overwrite);
        Model = Pick(Model, report.Model, overwrite);
        if (!string.IsNullOrEmpty(report.Output) && (FinalOutput is null || (replaceOutput && FinalOutput != report.Output)))
        {
            FinalOutput = report.Output;
            ScheduleOutput(now);
        }

        return before != (CostUsd, InputTokens, OutputTokens, DurationSeconds, Result, Error, FinalOutput, Model);
    }

    private static T? Pick<T>(T? known, T? reported, bool overwrite) => reported is null || (known is not null && !overwrite) ? known : reported;

    private void ScheduleOutput(DateTimeOffset now)
    {
        if (FinalOutput is not null && Status.IsFinal())
        {
            OutputDueAt = now + OutputGrace;
        }
    }

    private void Changed(DateTimeOffset now, string eventId, AgentTaskStatus? previous)
    {
        Version++;
        Raise(new AgentTaskChanged(eventId, now, this, Status, previous, Version));
    }
}
