using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace GrooteDashboard.Api.Hosting;

/// <summary>
/// Collects the metrics of this host while it runs: for <c>/metrics</c> and the system page when they ask,
/// and for an OTLP collector every minute where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names one.
/// </summary>
internal sealed class Telemetry(IConfiguration configuration, IMeterFactory meters, TimeProvider time) : IHostedService, IDisposable
{
    /// <summary>The name that existing clients and health checks expect, too.</summary>
    public const string ServiceName = "dashboard-api";

    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string OurMeters = "GrooteDashboard.*";
    private const string ProcessMeter = "GrooteDashboard.Process";
    private const string HttpMeter = "Microsoft.AspNetCore.Hosting";
    private const string RuntimeMeter = "System.Runtime";
    private const string HttpDuration = "http.server.request.duration";

    private static readonly TimeSpan CollectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>What is of use of the many instruments of the framework.</summary>
    private static readonly FrozenSet<string> OfTheFramework = new[]
    {
        HttpDuration,
        "dotnet.process.cpu.time",
        "dotnet.process.memory.working_set",
        "dotnet.gc.collections",
        "dotnet.gc.heap.total_allocated",
        "dotnet.gc.last_collection.heap.fragmentation.size",
        "dotnet.gc.last_collection.heap.size",
        "dotnet.gc.pause.time",
    }.ToFrozenSet();

    /// <summary>Seconds: from the time that a frame takes to a socket to that of a store in trouble.</summary>
    private static readonly double[] Durations =
        [0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

    private readonly MetricSnapshots _snapshots = new();
    private MeterProvider? _provider;

    /// <summary>What names this process to those who read the metrics of several.</summary>
    public string InstanceId { get; } = $"{Environment.MachineName}:{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}";

    public DateTimeOffset StartedAt { get; private set; }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        StartedAt = time.GetUtcNow();

        // The runtime has both, but as counters, which may never go down.
        var process = meters.Create(ProcessMeter);
        process.CreateObservableGauge("dashboard.process.thread_pool.queue", () => ThreadPool.PendingWorkItemCount, "{work_item}", "Work that waits for a thread");
        process.CreateObservableGauge("dashboard.process.thread_pool.threads", () => ThreadPool.ThreadCount, "{thread}", "Threads of the pool");
        var builder = Sdk.CreateMeterProviderBuilder()
            // OTEL_* may stand wherever other settings do.
            .ConfigureServices(services => services.AddSingleton(configuration))
            .SetResourceBuilder(ResourceBuilder.CreateEmpty()
                .AddService(ServiceName, serviceVersion: Assembly.GetExecutingAssembly().GetName().Version?.ToString(3), serviceInstanceId: InstanceId)
                .AddTelemetrySdk()
                .AddEnvironmentVariableDetector())
            .AddMeter(OurMeters, HttpMeter, RuntimeMeter)
            .AddView(View)
            .AddReader(new BaseExportingMetricReader(_snapshots) { TemporalityPreference = MetricReaderTemporalityPreference.Cumulative });
        if (!string.IsNullOrEmpty(configuration[OtlpEndpoint]))
        {
            builder.AddOtlpExporter();
        }

        _provider = builder.Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>All metrics as they are now. Callers at the same time share one collection.</summary>
    public IReadOnlyList<MetricFamily> Collect()
    {
        _snapshots.Collect?.Invoke((int)CollectTimeout.TotalMilliseconds);
        return _snapshots.Latest;
    }

    /// <summary>After the last request: the collector gets the last figures.</summary>
    public void Dispose() => _provider?.Dispose();

    private MetricStreamConfiguration? View(Instrument instrument)
    {
        // Meters are found by name in the whole process, which may hold other hosts.
        if (instrument.Meter.Scope is { } host && host != meters)
        {
            return MetricStreamConfiguration.Drop;
        }

        if (instrument.Name == HttpDuration)
        {
            return new ExplicitBucketHistogramConfiguration
            {
                Boundaries = Durations,
                TagKeys = ["http.request.method", "http.route", "http.response.status_code"],
            };
        }

        if (instrument.Meter.Name is HttpMeter or RuntimeMeter)
        {
            return OfTheFramework.Contains(instrument.Name) ? null : MetricStreamConfiguration.Drop;
        }

        return instrument is Histogram<double> { Unit: "s" } ? new ExplicitBucketHistogramConfiguration { Boundaries = Durations } : null;
    }
}
