using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace GrooteDashboard.Testing;

/// <summary>Waits for a condition, never for a time.</summary>
public static class Probe
{
    /// <summary>How long a test waits for something that ought to happen at once, on a busy machine.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <summary>Returns as soon as the condition holds; fails with its description when it does not in time.</summary>
    public static Task Until(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string description = "", TimeSpan? deadline = null) =>
        Until(() => Task.FromResult(condition()), description, deadline);

    /// <inheritdoc cref="Until(Func{bool}, string, TimeSpan?)"/>
    public static async Task Until(
        Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string description = "", TimeSpan? deadline = null)
    {
        var limit = deadline ?? Deadline;
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            if (clock.Elapsed > limit)
            {
                throw new TimeoutException($"Not within {limit.TotalSeconds:0.#} s: {description}");
            }

            await Task.Delay(Pause);
        }
    }
}
