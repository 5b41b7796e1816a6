namespace GrooteDashboard.Api.Endpoints;

/// <summary>The shape in which the existing system answers to what was done.</summary>
/// <param name="Success">Whether it was done.</param>
/// <param name="Message">One sentence.</param>
/// <param name="Data">What came of it.</param>
/// <param name="Error">Always null: errors are problem details.</param>
internal sealed record Answer<T>(bool Success, string Message, T? Data, string? Error = null);

internal static class Answers
{
    public static Answer<object> Done(string message) => new(true, message, null);

    public static Answer<T> Done<T>(string message, T data) => new(true, message, data);

    public static Answer<T> NotDone<T>(string message, T data) => new(false, message, data);
}
