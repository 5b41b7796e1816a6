using System.Globalization;
using GrooteDashboard.Infrastructure.Redis;
using GrooteDashboard.Infrastructure.Redis.Resp;
using GrooteDashboard.Testing;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.IntegrationTests.Redis.Resp;

[CancelAfter(60_000)]
internal sealed class RedisLineTests
{
    private static readonly string[] Pong = ["PONG"];

    private RedisServer _redis = null!;
    private RedisLine _line = null!;

    [SetUp]
    public async Task SetUp()
    {
        _redis = await RedisServer.StartNewAsync();
        _line = Line(_redis.ConnectionString);
    }

    [TearDown]
    public async Task TearDown()
    {
        _line.Dispose();
        await _redis.DisposeAsync();
    }

    [TestCase(0)]
    [TestCase(100_000)]
    [TestCase(5_000_000)]
    public void Bytes_and_answers_may_be_of_any_length(int length)
    {
        var bytes = new byte[length];
        new Random(1).NextBytes(bytes);

        Assert.That(_line.Ask("SET", "é", bytes), Is.EqualTo(new[] { "OK" }));
        Assert.That(_line.Ask("STRLEN", "é"), Is.EqualTo(new[] { length.ToString(CultureInfo.InvariantCulture) }));
        Assert.That(_line.Ask("EVAL", "return {'x', string.rep('y', ARGV[1])}", "0", length.ToString(CultureInfo.InvariantCulture))[1], Has.Length.EqualTo(length));
    }

    [Test]
    public void What_redis_refuses_says_why_and_the_line_goes_on()
    {
        Assert.That(() => _line.Ask("EVALSHA", new string('0', 40), "0"), Throws.TypeOf<RespErrorException>().With.Message.StartsWith("NOSCRIPT"));
        Assert.That(_line.Ask("PING"), Is.EqualTo(Pong));
    }

    [Test]
    public async Task It_connects_again_after_redis_was_away()
    {
        Assert.That(_line.Ask("PING"), Is.EqualTo(Pong));
        await _redis.KillAsync();
        Assert.That(() => _line.Ask("PING"), Throws.InstanceOf<IOException>());
        Assert.That(() => _line.Ask("PING"), Throws.InstanceOf<IOException>());

        await _redis.StartAsync();

        Assert.That(_line.Ask("PING"), Is.EqualTo(Pong));
    }

    [Test]
    public void A_redis_that_says_nothing_is_not_waited_for_longer_than_told_and_its_late_answer_is_not_taken_for_another()
    {
        Assert.That(_line.Ask("PING"), Is.EqualTo(Pong));
        _redis.Pause();
        Assert.That(() => _line.Ask("ECHO", "late"), Throws.InstanceOf<IOException>());
        _redis.Resume();

        Assert.That(_line.Ask("ECHO", "next"), Is.EqualTo(new[] { "next" }));
    }

    [Test]
    public async Task It_brings_its_password_and_chooses_its_database()
    {
        await _redis.CommandAsync("CONFIG", "SET", "requirepass", "secret");
        using var wrong = Line($"redis://:wrong@127.0.0.1:{_redis.Port}");
        Assert.That(() => wrong.Ask("PING"), Throws.TypeOf<RespErrorException>());

        using var right = Line($"redis://:secret@127.0.0.1:{_redis.Port}/3");
        right.Ask("SET", "key", "value");
        Assert.That(right.Ask("CLIENT", "INFO")[0], Does.Contain(" db=3 "));
    }

    [Test]
    public void A_password_that_is_not_needed_is_no_harm()
    {
        using var line = Line($"redis://:secret@127.0.0.1:{_redis.Port}");
        Assert.That(line.Ask("PING"), Is.EqualTo(Pong));
    }

    private static RedisLine Line(string connection) =>
        new(RedisConnectionString.Parse(connection), Options.Create(new RedisOptions { CommandTimeout = TimeSpan.FromSeconds(2) }));
}
