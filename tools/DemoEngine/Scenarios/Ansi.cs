namespace GrooteDashboard.DemoEngine.Scenarios;

/// <summary>Terminal colours.</summary>
internal static class Ansi
{
    public static string Bold(string text) => Sgr("1", text);
    public static string Dim(string text) => Sgr("2", text);
    public static string Red(string text) => Sgr("31", text);
    public static string Green(string text) => Sgr("32", text);
    public static string Yellow(string text) => Sgr("33", text);
    public static string Blue(string text) => Sgr("34", text);
    public static string Magenta(string text) => Sgr("35", text);
    public static string Cyan(string text) => Sgr("36", text);
    public static string OnRed(string text) => Sgr("41;97", text);

    /// <summary>A line that the next one writes over, until 100 %.</summary>
    public static string Progress(string label, int percent)
    {
        const int width = 30;
        var done = width * percent / 100;
        return $"\r{label} [{Green(new string('#', done))}{new string('.', width - done)}] {percent,3}%{(percent >= 100 ? "\n" : "")}";
    }

    private static string Sgr(string code, string text) => $"\e[{code}m{text}\e[0m";
}
