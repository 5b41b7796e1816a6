using GrooteDashboard.Application.Realtime.Ingest;

namespace GrooteDashboard.Infrastructure.Redis.Agents;

/// <summary>The agent engine as Redis knows it: the queue <c>agent:tasks</c> and the channels <c>task:{id}:control</c>.</summary>
internal sealed class AgentEngine(RedisConnection connection)
{
    private const string NoKeys = "0";

    /// <summary>Longer than anybody tries to deliver the same notice again.</summary>
    private const int RememberedSeconds = 7 * 24 * 3600;

    /// <summary>As long as the existing system keeps it.</summary>
    private const int StatusKeySeconds = 3600;

    /// <summary>A task is queued once: the answer to an earlier attempt may have been lost.</summary>
    private const string QueueScript =
        """
        local queue, id, item, seconds = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
        if not redis.call('SET', 'dash:agents:queued:' .. id, '1', 'NX', 'EX', seconds) then
            return 0
        end
        redis.call('LPUSH', queue, item)
        return 1
        """;

    /// <summary>Items of the queue are found by their task's id, whoever put them there. That one was found is remembered, as above.</summary>
    private const string StopScript =
        """
        local queue, id, message, statusSeconds, seconds = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
        local removed = 'dash:agents:removed:' .. id
        local items, from = {}, 0
        repeat
            local part = redis.call('LRANGE', queue, from, from + 499)
            for _, item in ipairs(part) do
                if string.find(item, id, 1, true) then
                    local readable, work = pcall(cjson.decode, item)
                    if readable and type(work) == 'table' and work.task_id == id then
                        items[#items + 1] = item
                    end
                end
            end
            from = from + 500
        until #part < 500
        for _, item in ipairs(items) do
            redis.call('LREM', queue, 0, item)
        end
        if #items > 0 then
            redis.call('SET', removed, '1', 'EX', seconds)
        end
        redis.call('SET', 'task:' .. id .. ':status', 'cancelled', 'EX', statusSeconds)
        redis.call('PUBLISH', 'task:' .. id .. ':control', message)
        return redis.call('EXISTS', removed)
        """;

    /// <summary>Puts work into the queue, behind all that waits there.</summary>
    /// <inheritdoc cref="RedisConnection.ExecuteAsync" path="/exception"/>
    public Task QueueAsync(string taskId, string item, CancellationToken cancellationToken) => connection.ExecuteAsync(
        "EVAL", [QueueScript, NoKeys, ProducerChannels.AgentQueue, taskId, item, RememberedSeconds], cancellationToken);

    /// <summary>Takes a task out of the queue, and tells whoever works on it to stop.</summary>
    /// <returns>Whether it was in the queue.</returns>
    /// <inheritdoc cref="RedisConnection.ExecuteAsync" path="/exception"/>
    public async Task<bool> StopAsync(string taskId, string message, CancellationToken cancellationToken) => (long)await connection.ExecuteAsync(
        "EVAL", [StopScript, NoKeys, ProducerChannels.AgentQueue, taskId, message, StatusKeySeconds, RememberedSeconds], cancellationToken) > 0;

    /// <summary>Says something to whoever works on a task.</summary>
    /// <inheritdoc cref="RedisConnection.ExecuteAsync" path="/exception"/>
    public Task ControlAsync(string taskId, string message, CancellationToken cancellationToken) =>
        connection.ExecuteAsync("PUBLISH", [$"task:{taskId}:control", message], cancellationToken);
}
