namespace GrooteDashboard.Application.Tasks.Ports;

/// <summary>
/// What the agent engine is to be told. Written with the unit of work; delivered afterwards in the order of the commits, at least once, whatever
/// happens to this process or to the queue meanwhile.
/// </summary>
public interface IAgentOutbox
{
    void Add(AgentNotice notice);

    /// <summary>Takes back, with the unit of work, the work on a task that was not delivered yet.</summary>
    /// <returns>Whether there was any: then no engine has it, and none will get it.</returns>
    Task<bool> WithdrawAsync(string taskId, CancellationToken cancellationToken);
}

/// <summary>Something that the agent engine is to be told.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="TaskId">The task.</param>
/// <param name="Payload">The JSON that the engine reads.</param>
public sealed record AgentNotice(AgentNoticeKind Kind, string TaskId, string Payload)
{
    /// <summary>Stop working on a task; one that still waits in the queue leaves it.</summary>
    public static AgentNotice Stop(string taskId) => new(AgentNoticeKind.Stop, taskId, AgentMessages.Stop);

    /// <summary>The answer to what a task waits for.</summary>
    public static AgentNotice Input(string taskId, string message) => new(AgentNoticeKind.Input, taskId, AgentMessages.Input(message));
}

public enum AgentNoticeKind
{
    /// <summary>For the queue of work.</summary>
    Work,

    /// <summary>For the task's control channel, and out of the queue.</summary>
    Stop,

    /// <summary>For the task's control channel.</summary>
    Input,
}
