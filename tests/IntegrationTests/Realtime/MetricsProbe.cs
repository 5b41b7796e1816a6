using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using GrooteDashboard.Api.Realtime;
using Microsoft.Extensions.DependencyInjection;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>Sums what one host counts.</summary>
internal sealed class MetricsProbe : IDisposable
{
    private readonly ConcurrentDictionary<string, long> _sums = new();
    private readonly MeterListener _listener = new();

    public MetricsProbe(IServiceProvider services)
    {
        var factory = services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == RealtimeMetrics.MeterName && instrument.Meter.Scope == factory)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument, 1, tags));
        _listener.Start();
    }

    /// <summary>The sum of an instrument, or of one value of its tag: <c>realtime.disconnects:4008</c>.</summary>
    public long this[string name]
    {
        get
        {
            _listener.RecordObservableInstruments();
            return _sums.GetValueOrDefault(name);
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        _sums.AddOrUpdate(instrument.Name, value, (_, sum) => instrument.IsObservable ? value : sum + value);
        if (!tags.IsEmpty)
        {
            _sums.AddOrUpdate($"{instrument.Name}:{tags[0].Value}", value, (_, sum) => sum + value);
        }
    }
}
