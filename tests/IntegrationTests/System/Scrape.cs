using System.Globalization;
using System.Text.RegularExpressions;

namespace GrooteDashboard.IntegrationTests.System;

/// <summary>One answer of <c>/metrics</c>, read as strictly as Prometheus does.</summary>
internal sealed partial class Scrape
{
    private Scrape(IReadOnlyDictionary<string, string> types, IReadOnlyList<Sample> samples) => (Types, Samples) = (types, samples);

    /// <summary>Type by name of the family.</summary>
    public IReadOnlyDictionary<string, string> Types { get; }

    public IReadOnlyList<Sample> Samples { get; }

    public static Scrape Parse(string text)
    {
        Assert.That(text, Does.EndWith("\n"));
        var types = new Dictionary<string, string>();
        var samples = new List<Sample>();
        var helped = "";
        var family = "";
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                helped = line.Split(' ')[2];
            }
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                family = line.Split(' ')[2];
                Assert.That(family, Is.EqualTo(helped), "help stands before the type");
                Assert.That(types.TryAdd(family, line.Split(' ')[3]), Is.True, $"{family} stands there once");
            }
            else
            {
                var match = Line().Match(line);
                Assert.That(match.Success, Is.True, line);
                var sample = new Sample(
                    match.Groups["name"].Value,
                    Label().Matches(match.Groups["labels"].Value).ToDictionary(label => label.Groups[1].Value, label => label.Groups[2].Value),
                    Number(match.Groups["value"].Value));
                Assert.That(FamilyName(sample.Name, types[family]), Is.EqualTo(family), "samples follow the type of their family");
                samples.Add(sample);
            }
        }

        return new Scrape(types, samples);
    }

    /// <summary>The sum of the samples with this name and these labels.</summary>
    public double Sum(string name, params (string Name, string Value)[] labels) => Samples
        .Where(sample => sample.Name == name && labels.All(label => sample.Labels.GetValueOrDefault(label.Name) == label.Value))
        .Sum(sample => sample.Value);

    public static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };

    private static string FamilyName(string sample, string type) => type == "histogram" ? Part().Replace(sample, "") : sample;

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>[a-zA-Z_]\w*="([^"\\]|\\.)*"(,[a-zA-Z_]\w*="([^"\\]|\\.)*")*)\})? (?<value>\+Inf|-?[0-9.]+(E[+-][0-9]+)?)$""")]
    private static partial Regex Line();

    [GeneratedRegex(@"([a-zA-Z_]\w*)=""((?:[^""\\]|\\.)*)""")]
    private static partial Regex Label();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Part();

    internal sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);
}
