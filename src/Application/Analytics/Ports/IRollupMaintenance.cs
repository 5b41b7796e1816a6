using GrooteDashboard.Application.Analytics.Contracts;

namespace GrooteDashboard.Application.Analytics.Ports;

/// <summary>Whether what is kept of the tasks is what the tasks themselves come to. Both go on beside everything else, and take as long as reading all tasks.</summary>
public interface IRollupMaintenance
{
    Task<RollupReport> CheckAsync(CancellationToken cancellationToken);

    Task<RollupReport> RebuildAsync(CancellationToken cancellationToken);
}
