using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using GrooteDashboard.Infrastructure.Redis;
using GrooteDashboard.Infrastructure.Redis.PubSub;
using GrooteDashboard.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.IntegrationTests.Redis.PubSub;

[CancelAfter(60_000)]
internal sealed class RedisSubscriberTests
{
    private readonly ConcurrentQueue<string> _heard = new();
    private RedisServer _redis = null!;
    private RedisSubscriber _subscriber = null!;
    private int _connected;

    [SetUp]
    public async Task SetUp()
    {
        _heard.Clear();
        _connected = 0;
        _redis = await RedisServer.StartNewAsync();
        _subscriber = Subscriber(_redis.ConnectionString);
    }

    [TearDown]
    public async Task TearDown()
    {
        _subscriber.Dispose();
        await _redis.DisposeAsync();
    }

    [Test]
    public async Task A_channel_and_a_pattern_are_heard_in_the_order_of_Redis()
    {
        await UntilAsync(() => _subscriber.SubscribeAsync("one", Hear));
        await UntilAsync(() => _subscriber.SubscribePatternAsync("task:*:output", Hear));

        for (var i = 0; i < 2_000; i++)
        {
            await PublishAsync(i % 2 == 0 ? "one" : $"task:{i}:output", $"{i} é");
        }

        await Probe.Until(() => _heard.Count == 2_000, "everything is heard");
        Assert.That(_heard, Is.EqualTo(Enumerable.Range(0, 2_000).Select(i => i % 2 == 0 ? $"one {i} é" : $"task:{i}:output {i} é")));
    }

    [Test]
    public async Task What_is_not_subscribed_any_more_is_not_heard()
    {
        await UntilAsync(() => _subscriber.SubscribeAsync("one", Hear));
        await UntilAsync(() => _subscriber.SubscribeAsync("two", Hear));
        await _subscriber.UnsubscribeAsync("one");

        await PublishAsync("one", "lost");
        await PublishAsync("two", "heard");

        await Probe.Until(() => !_heard.IsEmpty, "it is heard");
        Assert.That(_heard, Is.EqualTo(["two heard"]));
    }

    [TestCase(0)]
    [TestCase(70_000)]
    [TestCase(20_000_000)]
    public async Task A_message_may_be_of_any_length(int length)
    {
        await UntilAsync(() => _subscriber.SubscribeAsync("one", Hear));
        var text = new string('x', length);

        await using var producer = await Producer.ConnectAsync(_redis);
        producer.PublishWithoutWaiting("one", text);
        producer.PublishWithoutWaiting("one", "next");

        await Probe.Until(() => _heard.Count == 2, "both are heard");
        Assert.That(_heard, Is.EqualTo(["one " + text, "one next"]));
    }

    /// <summary>More than is read at once: messages begin in one round and end in another.</summary>
    [Test]
    public async Task Many_messages_of_all_lengths_are_heard_as_they_were()
    {
        await UntilAsync(() => _subscriber.SubscribeAsync("one", Hear));
        var texts = Enumerable.Range(0, 3_000).Select(i => new string((char)('a' + (i % 26)), i * 7 % 5_000)).ToArray();

        await using var producer = await Producer.ConnectAsync(_redis);
        foreach (var text in texts)
        {
            producer.PublishWithoutWaiting("one", text);
        }

        await Probe.Until(() => _heard.Count == texts.Length, "everything is heard");
        Assert.That(_heard, Is.EqualTo(texts.Select(text => "one " + text)));
    }

    [Test]
    public async Task After_a_restart_of_Redis_everything_is_heard_again_and_it_is_said_before_that()
    {
        _subscriber.Connected += () => _heard.Enqueue("connected");
        await UntilAsync(() => _subscriber.SubscribeAsync("one", Hear));
        await UntilAsync(() => _subscriber.SubscribePatternAsync("two:*", Hear));
        await PublishAsync("one", "before");
        await Probe.Until(() => _heard.Contains("one before"), "it is heard");

        await _redis.KillAsync();
        await _redis.StartAsync();
        await UntilAsync(_subscriber.PingAsync);
        await PublishAsync("one", "after");
        await PublishAsync("two:3", "after");

        await Probe.Until(() => _heard.Contains("two:3 after"), "it is heard");
        Assert.That(_heard, Is.EqualTo(["connected", "one before", "connected", "one after", "two:3 after"]));
    }

    [Test]
    public async Task While_Redis_is_away_who_asks_is_told_and_what_was_subscribed_then_is_heard_later()
    {
        await UntilAsync(_subscriber.PingAsync);
        await _redis.KillAsync();

        await Probe.Until(() => _subscriber.PingAsync() is { IsCompleted: true, IsCompletedSuccessfully: false }, "it is noticed");
        Assert.That(() => _subscriber.SubscribeAsync("one", Hear), Throws.InstanceOf<IOException>());

        await _redis.StartAsync();
        await UntilAsync(_subscriber.PingAsync);
        await PublishAsync("one", "after");
        await Probe.Until(() => !_heard.IsEmpty, "it is heard");
    }

    [Test]
    public async Task Whoever_waits_for_an_answer_when_the_connection_is_cut_is_told()
    {
        await UntilAsync(_subscriber.PingAsync);
        _redis.Pause();
        var ping = _subscriber.PingAsync();
        await _redis.KillAsync();

        Assert.That(() => ping, Throws.InstanceOf<IOException>());
    }

    [Test]
    public async Task A_Redis_that_does_not_answer_is_waited_for_so_long_and_no_longer()
    {
        await UntilAsync(_subscriber.PingAsync);
        _redis.Pause();
        try
        {
            Assert.That(_subscriber.PingAsync, Throws.InstanceOf<TimeoutException>());
        }
        finally
        {
            _redis.Resume();
        }

        await UntilAsync(_subscriber.PingAsync);
        Assert.That(_connected, Is.EqualTo(1), "the connection was not given up");
    }

    [Test]
    public async Task A_handler_that_fails_harms_nobody_else()
    {
        await UntilAsync(() => _subscriber.SubscribeAsync("one", (_, _) => throw new InvalidOperationException("a fault")));
        await UntilAsync(() => _subscriber.SubscribeAsync("two", Hear));

        await PublishAsync("one", "x");
        await PublishAsync("two", "y");

        await Probe.Until(() => !_heard.IsEmpty, "it is heard");
        Assert.That(_connected, Is.EqualTo(1));
    }

    [Test]
    public async Task The_password_is_sent()
    {
        await _redis.CommandAsync("CONFIG", "SET", "requirepass", "sécret word");
        using var with = Subscriber(_redis.ConnectionString.Replace("redis://", "redis://:s%C3%A9cret%20word@", StringComparison.Ordinal));
        await UntilAsync(() => with.SubscribeAsync("one", Hear));

        using var without = Subscriber(_redis.ConnectionString);
        await Probe.Until(async () => await AttemptAsync(without.PingAsync) is { } refusal && refusal.Contains("NOAUTH", StringComparison.Ordinal), "it is refused");
    }

    [Test]
    public async Task Who_speaks_another_protocol_is_left_and_asked_again()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var subscriber = Subscriber($"redis://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        _ = AttemptAsync(subscriber.PingAsync);

        for (var i = 0; i < 2; i++)
        {
            using var client = await listener.AcceptTcpClientAsync();
            await client.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
            Assert.That(await UntilClosedAsync(client), Is.True);
        }
    }

    [Test]
    public async Task A_server_whose_certificate_nobody_vouches_for_is_told_nothing()
    {
        using var key = RSA.Create(2_048);
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var subscriber = Subscriber($"rediss://:secret@localhost:{((IPEndPoint)listener.LocalEndpoint).Port}");
        _ = AttemptAsync(subscriber.PingAsync);

        using var client = await listener.AcceptTcpClientAsync();
        await using var secure = new SslStream(client.GetStream());

        Assert.That(
            async () =>
            {
                await secure.AuthenticateAsServerAsync(certificate);
                await secure.ReadExactlyAsync(new byte[1]);
            },
            Throws.InstanceOf<IOException>().Or.InstanceOf<AuthenticationException>());
        Assert.That(_connected, Is.Zero);
    }

    private static async Task<bool> UntilClosedAsync(TcpClient client)
    {
        try
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            var buffer = new byte[1_000];
            while (await client.GetStream().ReadAsync(buffer, deadline.Token) > 0)
            {
            }

            return true;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static async Task<string?> AttemptAsync(Func<Task> attempt)
    {
        try
        {
            await attempt();
            return null;
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            return e.Message;
        }
    }

    /// <summary>There may be no connection yet.</summary>
    private static Task UntilAsync(Func<Task> attempt) => Probe.Until(async () => await AttemptAsync(attempt) is null, "Redis answers");

    private RedisSubscriber Subscriber(string connection)
    {
        var options = new RedisOptions
        {
            CommandTimeout = TimeSpan.FromSeconds(1),
            RetryDelay = TimeSpan.FromMilliseconds(20),
            MaxRetryDelay = TimeSpan.FromMilliseconds(200),
        };
        var subscriber = new RedisSubscriber(RedisConnectionString.Parse(connection), Options.Create(options), TimeProvider.System, NullLogger<RedisSubscriber>.Instance);
        subscriber.Connected += () => Interlocked.Increment(ref _connected);
        return subscriber;
    }

    private void Hear(string channel, byte[] message) => _heard.Enqueue(channel + " " + Encoding.UTF8.GetString(message));

    private Task<string> PublishAsync(string channel, string text) => _redis.CommandAsync("PUBLISH", channel, text);
}
