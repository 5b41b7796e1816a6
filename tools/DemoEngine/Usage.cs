namespace GrooteDashboard.DemoEngine;

/// <summary>
/// Counts tokens as an agent's loop does: every turn sends the whole context again, and what the model writes and what
/// its tools answer make the context grow. The cost is the tokens times the model's price, nothing else.
/// </summary>
internal sealed class Usage(Model model, int contextTokens)
{
    private const int CharactersPerToken = 4;
    private const int TokensPerMillion = 1_000_000;

    private long _context = contextTokens;

    public long InputTokens { get; private set; }

    public long OutputTokens { get; private set; }

    public decimal CostUsd =>
        decimal.Round((InputTokens * model.InputPrice + OutputTokens * model.OutputPrice) / TokensPerMillion, 6);

    /// <summary>The model reads everything so far and writes <paramref name="text"/> after thinking for some seconds.</summary>
    public void Turn(string text, double seconds)
    {
        var written = Tokens(text) + (long)(seconds * model.TokensPerSecond);
        InputTokens += _context;
        OutputTokens += written;
        _context += written;
    }

    /// <summary>The model writes more in the same turn.</summary>
    public void Written(string text)
    {
        OutputTokens += Tokens(text);
        _context += Tokens(text);
    }

    /// <summary>A tool's answer will be read in the next turn.</summary>
    public void Read(string text) => _context += Tokens(text);

    private static long Tokens(string text) => Math.Max(1, text.Length / CharactersPerToken);
}
