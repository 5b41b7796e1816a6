using System.ComponentModel.DataAnnotations;

namespace GrooteDashboard.Application.Tasks;

/// <summary>The agents that are known before they have done anything (section <c>Agents</c>).</summary>
public sealed class AgentOptions
{
    public const string Section = "Agents";

    [MaxLength(200)]
    public IList<ConfiguredAgent> BuiltIn { get; init; } = [];
}

public sealed class ConfiguredAgent
{
    [Required, MaxLength(255)]
    public string Name { get; init; } = "";

    [Required, MaxLength(50)]
    public string AgentType { get; init; } = "";

    [MaxLength(1000)]
    public string Description { get; init; } = "";
}
