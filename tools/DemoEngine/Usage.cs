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
    private bool _isWriting;

    public long InputTokens { get; private set; }

    public long OutputTokens { get; private set; }

    public decimal CostUsd =>
        decimal.Round((InputTokens * model.InputPrice + OutputTokens * model.OutputPrice) / TokensPerMillion, 6);

    /// <summary>The model writes, after thinking for some seconds. The first words after a tool's answer begin a new turn.</summary>
    public void Write(string text, double thinkingSeconds = 0)
    {
        if (!_isWriting)
        {
            _isWriting = true;
            InputTokens += _context;
        }

        var written = Tokens(text) + (long)(thinkingSeconds * model.TokensPerSecond);
        OutputTokens += written;
        _context += written;
    }

    /// <summary>A tool or a person answers: the next turn will read that.</summary>
    public void Read(string text)
    {
        _isWriting = false;
        _context += Tokens(text);
    }

    private static long Tokens(string text) => Math.Max(1, text.Length / CharactersPerToken);
}
