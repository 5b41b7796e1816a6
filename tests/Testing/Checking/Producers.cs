using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace GrooteDashboard.Testing.Checking;

/// <summary>Producers that do what a producer has to: they repeat what was not acknowledged, under the same id, until it is.</summary>
internal static class Producers
{
    /// <summary>Chunks of a task in one request or one round, at most.</summary>
    private const int MaxChunks = 500;

    private static readonly TimeSpan RoundInterval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan RequestInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ReplyDeadline = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(50);

    /// <summary>Posts a task's chunks as they come due, those of half a second in one request; an instance that does not answer is left for another.</summary>
    public static async Task PostAsync(Series series, Cluster cluster, int first, Findings clock, TimeSpan deadline, CancellationToken cancellationToken)
    {
        for (var request = first; !series.IsComplete; request++)
        {
            var from = series.Acknowledged + 1;
            var to = Math.Min(series.Due(clock.Now), series.Acknowledged + MaxChunks);
            if (to >= from)
            {
                series.Sent = to;
                var chunks = Enumerable.Range(from, to - from + 1).Select(n => new { output = series.Text(n), id = series.Id(n) }).ToArray();
                await cluster.SendAsync(
                    request,
                    () => new HttpRequestMessage(HttpMethod.Post, $"/api/tasks/{series.TaskId}/output") { Content = JsonContent.Create(new { chunks }) },
                    deadline,
                    cancellationToken);
                series.Acknowledged = to;
            }

            await Task.Delay(RequestInterval, cancellationToken);
        }
    }

    /// <summary>Adds all series' chunks to the stream <c>task_events</c>, as the agent engine does it.</summary>
    public static void AppendToStream(List<Series> all, RedisServer redis, Findings findings, CancellationToken cancellationToken) =>
        Send(all, redis, findings, isRepeated: true, (producer, series, number) => producer.Add(
            "XADD", "task_events", "*",
            "type", "task:output",
            "timestamp", TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            "task_id", series.TaskId,
            "data", JsonSerializer.Serialize(new { id = series.Id(number), content = series.Text(number) })), cancellationToken);

    /// <summary>Publishes all series' chunks, each once: nothing is repeated.</summary>
    public static void Publish(List<Series> all, RedisServer redis, Findings findings, CancellationToken cancellationToken) =>
        Send(all, redis, findings, isRepeated: false, (producer, series, number) => producer.Add(
            "PUBLISH", $"task:{series.TaskId}:output", JsonSerializer.Serialize(new { output = series.Text(number) })), cancellationToken);

    private static void Send(
        List<Series> all,
        RedisServer redis,
        Findings findings,
        bool isRepeated,
        Action<RedisProducer, Series, int> add,
        CancellationToken cancellationToken)
    {
        RedisProducer? producer = null;
        try
        {
            while (!all.TrueForAll(series => series.IsComplete))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var round = all.Select(series => (Series: series, To: Math.Min(series.Due(findings.Now), series.Acknowledged + MaxChunks)))
                    .Where(due => due.To > due.Series.Acknowledged).ToList();
                try
                {
                    producer ??= Connect(redis);
                    foreach (var (series, to) in round)
                    {
                        series.Sent = to;
                        for (var number = series.Acknowledged + 1; number <= to; number++)
                        {
                            add(producer, series, number);
                        }
                    }

                    producer.Send();
                    producer.Complete();
                    round.ForEach(due => due.Series.Acknowledged = due.To);
                }
                catch (Exception e) when (e is SocketException or IOException or InvalidOperationException)
                {
                    findings.Trace("producer", "refused", e.Message);
                    producer?.Dispose();
                    producer = null;
                    if (!isRepeated)
                    {
                        round.ForEach(due => due.Series.Unsure.UnionWith(Enumerable.Range(due.Series.Acknowledged + 1, due.To - due.Series.Acknowledged)));
                        round.ForEach(due => due.Series.Acknowledged = due.To);
                    }

                    cancellationToken.WaitHandle.WaitOne(RetryPause);
                }

                cancellationToken.WaitHandle.WaitOne(RoundInterval);
            }
        }
        finally
        {
            producer?.Dispose();
        }
    }

    /// <summary>
    /// To a Redis that has read its data. One that still does refuses commands until it is through, and would take the end of a round without its beginning: then
    /// what is repeated comes after what followed it, and the order is lost by the producer.
    /// </summary>
    private static RedisProducer Connect(RedisServer redis)
    {
        var producer = new RedisProducer(redis.Port, ReplyDeadline);
        try
        {
            producer.Add("PING");
            producer.Send();
            producer.Complete();
            return producer;
        }
        catch
        {
            producer.Dispose();
            throw;
        }
    }
}
