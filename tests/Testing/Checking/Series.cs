using System.Globalization;

namespace GrooteDashboard.Testing.Checking;

/// <summary>The numbered output of one producer for one task: 1, 2, 3, …, each sent when it is due.</summary>
/// <param name="taskId">The task.</param>
/// <param name="producer">The producer's letter.</param>
/// <param name="total">How many there will be.</param>
/// <param name="interval">Time between two of them.</param>
/// <param name="phase">When the first one is due.</param>
internal sealed class Series(string taskId, char producer, int total, TimeSpan interval, TimeSpan phase)
{
    private static readonly string Filling = new('x', 100);

    private int _sent;
    private int _acknowledged;

    public string TaskId => taskId;

    public char Producer => producer;

    public int Total => total;

    /// <summary>Numbers up to here were sent at least once.</summary>
    public int Sent
    {
        get => Volatile.Read(ref _sent);
        set => Volatile.Write(ref _sent, value);
    }

    /// <summary>Numbers up to here were acknowledged; with PUBLISH, sent for good.</summary>
    public int Acknowledged
    {
        get => Volatile.Read(ref _acknowledged);
        set => Volatile.Write(ref _acknowledged, value);
    }

    public bool IsComplete => Acknowledged == total;

    /// <summary>With PUBLISH: numbers that Redis may never have seen. Nobody owes them to anybody.</summary>
    public HashSet<int> Unsure { get; } = [];

    /// <summary>How many are due by now.</summary>
    public int Due(TimeSpan now) => now < phase ? 0 : (int)Math.Min(total, ((now - phase) / interval) + 1);

    public string Text(int number) => string.Create(CultureInfo.InvariantCulture, $"{producer}{number};{Filling}\n");

    /// <summary>Identifies the chunk for the server: taken once.</summary>
    public string Id(int number) => string.Create(CultureInfo.InvariantCulture, $"{producer}{number}");

    /// <summary>What a text of <see cref="Text"/> is known by, such as <c>s17</c>; the text itself where it is none.</summary>
    public static string KeyOf(string text) => text.IndexOf(';', StringComparison.Ordinal) is var end and > 0 ? text[..end] : text;

    /// <summary>The producer and the number of a key; false for one of a status.</summary>
    public static bool TryParse(string key, out char producer, out int number)
    {
        (producer, number) = (key.Length > 0 ? key[0] : ' ', 0);
        return key.Length > 1 && int.TryParse(key.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
