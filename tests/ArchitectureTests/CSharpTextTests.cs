namespace GrooteDashboard.ArchitectureTests;

public sealed class CSharpTextTests
{
    [TestCase("a // b\nc", "a \nc")]
    [TestCase("a /* b\n */ c", "a  c")]
    [TestCase("f(\"b // \\\" c\"); d", "f(\"\"); d")]
    [TestCase("f(@\"b\\\"); d", "f(@\"\"); d")]
    [TestCase("f(@\"b\"\"c\"); d", "f(@\"\"); d")]
    [TestCase("f($\"b {now} c\"); d", "f($\"now\"); d")]
    [TestCase("f($\"b {x[\"k\"]} {{c}}\"); d", "f($\"x[\"\"]\"); d")]
    [TestCase("f(\"\"\"b \"c\" \"\"\"); d", "f(\"\"); d")]
    [TestCase("f('\"', '\\'', 'x'); d", "f('', '', ''); d")]
    [TestCase("/// <c>b</c>\nd", "\nd")]
    public void Comments_and_contents_of_strings_are_no_code(string source, string code) => Assert.That(CSharpText.Strip(source), Is.EqualTo(code));
}
