using System.Globalization;

namespace GrooteDashboard.Performance.Measuring;

/// <summary>Rows for a reader: a name on the left, figures on the right.</summary>
internal sealed class Table(params string[] header)
{
    private const int Digits = 4;

    private readonly List<string[]> _rows = [header];

    /// <summary>Adds a row; numbers are shown with four significant digits.</summary>
    public void Add(string name, params double[] figures) => _rows.Add([name, .. figures.Select(Show)]);

    public void Write(TextWriter output)
    {
        var widths = header.Select((_, column) => _rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in _rows)
        {
            output.WriteLine(string.Join("  ", row.Select((cell, column) =>
                column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column]))).TrimEnd());
        }

        output.WriteLine();
    }

    private static string Show(double figure)
    {
        if (double.IsNaN(figure))
        {
            return "";
        }

        if (figure == 0)
        {
            return "0";
        }

        var whole = (int)Math.Floor(Math.Log10(Math.Abs(figure))) + 1;
        return figure.ToString("N" + Math.Clamp(Digits - whole, 0, Digits - 1), CultureInfo.InvariantCulture);
    }
}
