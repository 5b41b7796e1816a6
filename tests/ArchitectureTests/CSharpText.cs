using System.Text;

namespace GrooteDashboard.ArchitectureTests;

/// <summary>C# without what is not code.</summary>
internal static class CSharpText
{
    /// <summary>The code without comments and without the contents of strings; what stands in the holes of interpolated strings stays.</summary>
    public static string Strip(string source)
    {
        var code = new StringBuilder(source.Length);
        var at = 0;
        Code(source, ref at, code, inHole: false);
        return code.ToString();
    }

    private static void Code(string source, ref int at, StringBuilder code, bool inHole)
    {
        var depth = 0;
        while (at < source.Length)
        {
            var rest = source.AsSpan(at);
            if (rest.StartsWith("//"))
            {
                var end = rest.IndexOf('\n');
                at = end < 0 ? source.Length : at + end;
            }
            else if (rest.StartsWith("/*"))
            {
                var end = rest.IndexOf("*/");
                at = end < 0 ? source.Length : at + end + 2;
            }
            else if (rest.StartsWith("\"\"\""))
            {
                var quotes = new string('"', rest.Length - rest.TrimStart('"').Length);
                var end = source.IndexOf(quotes, at + quotes.Length, StringComparison.Ordinal);
                at = end < 0 ? source.Length : end + quotes.Length;
                code.Append("\"\"");
            }
            else if (rest[0] == '"')
            {
                var prefix = source.AsSpan(Math.Max(0, at - 2), Math.Min(2, at));
                at++;
                String(source, ref at, code, isVerbatim: prefix.Contains('@'), isInterpolated: prefix.Contains('$'));
            }
            else if (rest[0] == '\'')
            {
                at += rest[1] == '\\' ? rest[3..].IndexOf('\'') + 4 : rest[1..].IndexOf('\'') + 2;
                code.Append("''");
            }
            else
            {
                depth += rest[0] switch { '{' => 1, '}' => -1, _ => 0 };
                if (inHole && depth < 0)
                {
                    return;
                }

                code.Append(rest[0]);
                at++;
            }
        }
    }

    private static void String(string source, ref int at, StringBuilder code, bool isVerbatim, bool isInterpolated)
    {
        code.Append('"');
        while (at < source.Length)
        {
            var rest = source.AsSpan(at);
            if ((isVerbatim && rest.StartsWith("\"\"")) || (!isVerbatim && rest[0] == '\\') || (isInterpolated && rest.StartsWith("{{")))
            {
                at += 2;
            }
            else if (isInterpolated && rest[0] == '{')
            {
                at++;
                Code(source, ref at, code, inHole: true);
                at++;
            }
            else
            {
                at++;
                if (rest[0] == '"')
                {
                    break;
                }
            }
        }

        code.Append('"');
    }
}
