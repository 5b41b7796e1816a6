using System.Runtime.CompilerServices;

namespace GrooteDashboard.UnitTests.Embedding;

/// <summary>No test waits for ever: what does not happen within real seconds does not happen.</summary>
internal static class Patience
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static async Task InTime(this Task task, [CallerArgumentExpression(nameof(task))] string what = "")
    {
        try
        {
            await task.WaitAsync(Limit);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            throw new TimeoutException($"Did not happen within {Limit.TotalSeconds} s: {what}");
        }
    }

    public static async Task<T> InTime<T>(this Task<T> task, [CallerArgumentExpression(nameof(task))] string what = "")
    {
        await ((Task)task).InTime(what);
        return await task;
    }
}
