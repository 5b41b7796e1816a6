namespace GrooteDashboard.Application.Tasks.Ports;

/// <summary>The queue from which the agent engine takes its work (Redis list <c>agent:tasks</c>).</summary>
public interface IAgentQueue
{
    /// <summary>How many tasks wait in it, at most about a second old; null while Redis is away.</summary>
    ValueTask<long?> GetLengthAsync(CancellationToken cancellationToken);
}
