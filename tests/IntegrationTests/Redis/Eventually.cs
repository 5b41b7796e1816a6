using GrooteDashboard.Testing;
using StackExchange.Redis;

namespace GrooteDashboard.IntegrationTests.Redis;

/// <summary>Waits for a condition that may ask Redis: while Redis is away, it does not hold.</summary>
internal static class Eventually
{
    public static Task IsTrueAsync(Func<bool> condition, string description) => Probe.Until(condition, description);

    public static Task IsTrueAsync(Func<Task<bool>> condition, string description) => Probe.Until(
        async () =>
        {
            try
            {
                return await condition();
            }
            catch (RedisException)
            {
                return false;
            }
        },
        description);
}
