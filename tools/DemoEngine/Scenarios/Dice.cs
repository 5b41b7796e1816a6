namespace GrooteDashboard.DemoEngine.Scenarios;

/// <summary>All the chance in a script: the same seed gives the same script.</summary>
internal sealed class Dice(int seed)
{
#pragma warning disable CA5394 // Nothing here is a secret, and repeating a sequence is the point.
    private readonly Random _random = new(seed);

    /// <summary>From <paramref name="low"/> to <paramref name="high"/>, both included.</summary>
    public int Int(int low, int high) => _random.Next(low, high + 1);

    public double Between(double low, double high) => low + (_random.NextDouble() * (high - low));

    public bool Chance(double probability) => _random.NextDouble() < probability;

    public T Pick<T>(params ReadOnlySpan<T> items) => items[_random.Next(items.Length)];
#pragma warning restore CA5394

    public string Hex(int length) => Letters("0123456789abcdef", length);

    public string ToolUseId() => "toolu_" + Letters("0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz", 24);

    private string Letters(string alphabet, int length) =>
        string.Create(length, (this, alphabet), static (span, state) =>
        {
            foreach (ref var letter in span)
                letter = state.alphabet[state.Item1.Int(0, state.alphabet.Length - 1)];
        });
}
