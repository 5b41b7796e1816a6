using GrooteDashboard.Domain.Tasks;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace GrooteDashboard.Infrastructure.Persistence.Configurations.Tasks;

/// <summary>A status is stored by its name on the wire.</summary>
internal sealed class StatusConverter() : ValueConverter<AgentTaskStatus, string>(status => status.Name(), name => Parse(name))
{
    public static StatusConverter Instance { get; } = new();

    public static AgentTaskStatus Parse(string name) =>
        AgentTaskLifecycle.TryParse(name, out var status) ? status : throw new FormatException($"'{name}' is not a status.");
}
