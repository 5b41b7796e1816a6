using GrooteDashboard.Application.Tasks.Search;

namespace GrooteDashboard.UnitTests.Application.Tasks;

/// <summary>How text is cut into words, lines and what is searched for.</summary>
public sealed class SearchTextTests
{
    [TestCase("src/foo_bar.cs:12", "src foo_bar foo bar cs 12")]
    [TestCase("MaxPageSize", "maxpagesize max page size")]
    [TestCase("HTTPServer x2", "httpserver http server x2")]
    [TestCase("__init__ a_b", "__init__ init a_b")]
    [TestCase("Größe naïve", "größe naïve")]
    [TestCase("東京 ab", "東 京 ab")]
    [TestCase("'; -- \\ \0 😀", "")]
    [TestCase("", "")]
    public void Words_of_a_text(string text, string words)
    {
        var found = new HashSet<string>();
        SearchWords.Collect(text, found);

        Assert.That(found, Is.EquivalentTo(words.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Test]
    public void A_long_word_is_known_by_its_beginning()
    {
        var found = new HashSet<string>();
        SearchWords.Collect(new string('x', 5_000), found);

        Assert.That(found, Is.EqualTo(new[] { new string('x', SearchWords.MaxLength) }));
    }

    [TestCase("at src/foo_bar.cs:12 in", "src/foo_bar.cs:12", 3)]
    [TestCase("the quick brown fox", "\"QUICK brown\"", 1)]
    [TestCase("see maxPageSize of it", "\"Size of\"", 1)]
    [TestCase("a max_page size", "\"page size\"", 1)]
    [TestCase("page_size: max_count", "\"size: max\"", 1)]
    [TestCase("in 東京都", "東京", 1)]
    [TestCase("src/foo/barn.cs", "src/foo/bar*", 1, Description = "of a word that is only begun nothing is known")]
    [TestCase("alone", "(alone)", 0)]
    public void A_text_has_the_pairs_of_every_text_that_stands_in_it(string text, string searched, int count)
    {
        var found = new HashSet<ulong>();
        SearchWords.CollectPairs(text, found);

        var pairs = SearchExpression.Parse(searched, out _)!.Pairs();
        Assert.That(pairs, Has.Count.EqualTo(count));
        Assert.That(pairs, Is.SubsetOf(found));
    }

    [TestCase("two one", "\"one two\"")]
    [TestCase("one and two", "\"one two\"")]
    [TestCase("someone two", "\"one two\"")]
    [TestCase("abc", "\"a bc\"")]
    public void Words_that_stand_apart_are_no_pair(string text, string searched)
    {
        var found = new HashSet<ulong>();
        SearchWords.CollectPairs(text, found);

        Assert.That(SearchExpression.Parse(searched, out _)!.Pairs().Any(found.Contains), Is.False);
    }

    [TestCase("one two", 2, 0)]
    [TestCase("\"one two\" three", 2, 1)]
    [TestCase("src/a.cs:1", 1, 1)]
    [TestCase("\"unclosed phrase", 1, 1)]
    [TestCase("one - two", 2, 0)]
    public void What_is_searched_for_is_read(string text, int terms, int literals)
    {
        var expression = SearchExpression.Parse(text, out _)!;

        Assert.That((expression.Terms.Count, expression.Terms.Count(term => term.Literal is not null)), Is.EqualTo((terms, literals)));
    }

    [TestCase("")]
    [TestCase("->")]
    [TestCase("\"\"")]
    [TestCase("ab*")]
    [TestCase("a b c d e f g h i j k l m n o p q")]
    public void What_cannot_be_searched_for_says_why(string text)
    {
        Assert.That(SearchExpression.Parse(text, out var reason), Is.Null);
        Assert.That(reason, Does.StartWith("q"));
    }

    [Test]
    public void Places_are_in_order_and_do_not_overlap()
    {
        var expression = SearchExpression.Parse("page \"max page\" pag* maxPageSize", out _)!;

        var (ranges, terms) = expression.FindIn("maxPageSize max page pages", 10);
        Assert.That(ranges, Is.EqualTo(new[] { (0, 11), (12, 20), (21, 24) }));
        Assert.That(terms, Is.EqualTo(4));
    }

    [Test]
    public void Lines_are_named_by_the_entry_in_which_they_start()
    {
        var lines = new LogLines();
        List<LogLine> found =
        [
            .. lines.Add(1, "output", default, "a\nb"), .. lines.Add(2, "output", default, "b\nc\n"), .. lines.Add(3, "tool_result", default, "x\ny"),
            .. lines.Add(4, "output", default, "open"), .. lines.Add(5, "thinking", default, "z\n"), .. lines.Add(6, "output", default, "end"), .. lines.End(),
        ];

        Assert.That(found.Select(line => $"{line.Address} {line.Text}"), Is.EqualTo(new[]
        {
            "L1 a", "L1.1 bb", "L2 c", "L3 x", "L3.1 y", "L4 open", "L5 z", "L6 end",
        }));
    }

    [Test]
    public void A_snippet_is_cut_around_what_was_found_and_never_in_the_middle_of_a_character()
    {
        var line = string.Concat(Enumerable.Repeat("😀", 400)) + "needle" + string.Concat(Enumerable.Repeat("😀", 400));
        var snippet = Snippet.Of(line, [(800, 806)]);

        Assert.That(snippet.Text[snippet.Ranges[0][0]..snippet.Ranges[0][1]], Is.EqualTo("needle"));
        Assert.That(snippet.Text, Has.Length.LessThanOrEqualTo(Snippet.MaxLength));
        Assert.That((char.IsLowSurrogate(snippet.Text[0]), char.IsHighSurrogate(snippet.Text[^1])), Is.EqualTo((false, false)));
    }
}
