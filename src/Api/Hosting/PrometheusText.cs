using System.Globalization;
using System.Text;

namespace GrooteDashboard.Api.Hosting;

/// <summary>
/// The text exposition format of Prometheus, version 0.0.4, with the names that OpenTelemetry prescribes for it:
/// <c>realtime.lag</c> in seconds is <c>realtime_lag_seconds</c>, the counter <c>realtime.gaps</c> is <c>realtime_gaps_total</c>.
/// </summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(IEnumerable<MetricFamily> families)
    {
        var text = new StringBuilder();
        // A name may stand there once: two instruments that end up with the same share their lines.
        foreach (var family in families.GroupBy(family => (Name: NameOf(family), family.Kind)).OrderBy(group => group.Key.Name, StringComparer.Ordinal))
        {
            var (name, kind) = family.Key;
            text.Append("# HELP ").Append(name).Append(' ').Append(EscapeHelp(family.First().Description)).Append('\n');
            text.Append("# TYPE ").Append(name).Append(' ').Append(TypeOf(kind)).Append('\n');
            foreach (var sample in family.SelectMany(instrument => instrument.Samples))
            {
                WriteSample(text, name, kind, sample);
            }
        }

        return text.ToString();
    }

    internal static string NameOf(MetricFamily family)
    {
        var name = Sanitize(family.Name);
        var unit = UnitOf(family.Unit);
        if (unit.Length > 0 && !name.Split('_').Contains(unit))
        {
            name += "_" + unit;
        }

        return family.Kind == MetricKind.Counter && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    private static void WriteSample(StringBuilder text, string name, MetricKind kind, MetricSample sample)
    {
        if (kind != MetricKind.Histogram)
        {
            WriteLine(text, name, sample.Tags, sample.Value);
            return;
        }

        foreach (var bucket in sample.Buckets)
        {
            WriteLine(text, name + "_bucket", [.. sample.Tags, new("le", Number(bucket.UpperBound))], bucket.Count);
        }

        WriteLine(text, name + "_sum", sample.Tags, sample.Value);
        WriteLine(text, name + "_count", sample.Tags, sample.Count);
    }

    private static void WriteLine(StringBuilder text, string name, IReadOnlyList<KeyValuePair<string, string>> tags, double value)
    {
        text.Append(name);
        for (var i = 0; i < tags.Count; i++)
        {
            text.Append(i == 0 ? '{' : ',').Append(Sanitize(tags[i].Key)).Append("=\"").Append(EscapeValue(tags[i].Value)).Append('"');
        }

        text.Append(tags.Count == 0 ? " " : "} ").Append(Number(value)).Append('\n');
    }

    private static string TypeOf(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Gauge => "gauge",
        _ => "histogram",
    };

    /// <summary>The word for a UCUM unit; what is counted, such as <c>{frame}</c>, is no unit.</summary>
    private static string UnitOf(string unit) => unit switch
    {
        "By" => "bytes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "%" => "percent",
        _ => "",
    };

    private static string Sanitize(string name)
    {
        var clean = string.Create(name.Length, name, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsAsciiLetterOrDigit(source[i]) ? source[i] : '_';
            }
        });
        return clean.Length == 0 || char.IsAsciiDigit(clean[0]) ? "_" + clean : clean;
    }

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static string EscapeHelp(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string EscapeValue(string text) => EscapeHelp(text).Replace("\"", "\\\"", StringComparison.Ordinal);
}
