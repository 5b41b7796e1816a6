namespace GrooteDashboard.Application.Common;

/// <summary>Ids of what this service creates: a prefix and a UUID that grows with time.</summary>
internal static class NewId
{
    public static string ForTask(DateTimeOffset now) => Of("task", now);

    public static string ForConversation(DateTimeOffset now) => Of("conv", now);

    public static string ForMessage(DateTimeOffset now) => Of("msg", now);

    public static string ForBudget(DateTimeOffset now) => Of("budget", now);

    private static string Of(string prefix, DateTimeOffset now) => $"{prefix}-{Guid.CreateVersion7(now):N}";
}
