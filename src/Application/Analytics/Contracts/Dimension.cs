namespace GrooteDashboard.Application.Analytics.Contracts;

/// <summary>By what tasks are grouped and filtered.</summary>
public enum Dimension
{
    /// <summary>Not at all.</summary>
    All,
    Agent,
    AgentType,
    Source,
    Model,
    Status,

    /// <summary>Who asked.</summary>
    User,
}
