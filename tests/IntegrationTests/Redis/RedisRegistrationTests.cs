using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.System.Ports;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Infrastructure.Redis;
using GrooteDashboard.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.IntegrationTests.Redis;

[CancelAfter(120_000)]
public sealed class RedisRegistrationTests
{
    [TestCase("redis://localhost", "localhost", 6379, null, null, false)]
    [TestCase("redis://localhost:6380/3", "localhost", 6380, null, 3, false)]
    [TestCase("redis://:p%40ss@localhost:6380", "localhost", 6380, "p@ss", null, false)]
    [TestCase("redis://default:secret@10.0.0.1:6380/0", "10.0.0.1", 6380, "secret", 0, false)]
    [TestCase("rediss://redis.example:6380", "redis.example", 6380, null, null, true)]
    [TestCase("localhost:6380,password=secret,defaultDatabase=2", "localhost", 6380, "secret", 2, false)]
    public void A_connection_is_read(string text, string host, int port, string? password, int? database, bool tls)
    {
        var options = RedisConnectionString.Parse(text);

        Assert.Multiple(() =>
        {
            Assert.That(options.EndPoints.Single().ToString(), Does.EndWith($"{host}:{port}"));
            Assert.That(options.Password, Is.EqualTo(password));
            Assert.That(options.DefaultDatabase, Is.EqualTo(database));
            Assert.That(options.Ssl, Is.EqualTo(tls));
        });
    }

    [TestCase("http://localhost", "form")]
    [TestCase("redis://", "form")]
    [TestCase("redis://localhost/first", "number")]
    [TestCase("redis://anna:secret@localhost", "user")]
    [TestCase("localhost,passwort=secret", "cannot be read")]
    [TestCase("password=secret", "no host")]
    public void A_wrong_connection_stops_the_start_with_one_line_without_secrets(string text, string part)
    {
        var configuration = new ConfigurationManager { ["ConnectionStrings:Redis"] = text };

        Assert.That(
            () => new ServiceCollection().AddRedis(configuration),
            Throws.TypeOf<FormatException>().With.Message.Contains(part).And.Message.Not.Contains("secret").And.Message.Not.Contains("\n"));
    }

    [Test]
    public void A_wrong_option_stops_the_start_with_a_line_that_names_it()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration["REDIS_URL"] = "redis://localhost";
        builder.Configuration["Redis:StreamStart"] = "yesterday";
        builder.Services.AddRedis(builder.Configuration);
        builder.Services.AddSingleton(NSubstitute.Substitute.For<IIngestLease>());
        using var host = builder.Build();

        var options = Assert.Throws<OptionsValidationException>(() => _ = host.Services.GetRequiredService<IOptions<RedisOptions>>().Value);

        Assert.That(options!.Message, Does.Contain("StreamStart must be"));
    }

    [Test]
    public async Task A_host_that_nobody_knows_is_waited_for()
    {
        await using var redis = RedisServer.Absent();
        await using var host = await IngestHost.StartAsync(
            redis, new RecordingLog(), new() { ["ConnectionStrings:Redis"] = "redis://no-such-host.invalid" });

        await Eventually.IsTrueAsync(() => host.Published.OfType<SystemMessage>().Any(), "it says that Redis is away");
        Assert.That(host.Health("redis").Status, Is.EqualTo("down"));
        Assert.That(host.Health("ingest").Status, Is.EqualTo("running"), "it goes on trying");
    }

    [Test]
    public async Task Without_redis_everything_else_works()
    {
        var services = new ServiceCollection().AddRedis(new ConfigurationManager());
        await using var provider = services.BuildServiceProvider();

        Assert.That(await provider.GetRequiredService<IAgentQueue>().GetLengthAsync(CancellationToken.None), Is.Null);
        Assert.That(provider.GetRequiredService<ISourceProgress>().HasReadUpTo(DateTimeOffset.MaxValue), Is.True);
        Assert.That(
            provider.GetServices<IComponentHealth>().Select(component => (component.Name, component.Current.Status, component.Current.Ready)),
            Is.EqualTo(new[] { ("redis", "disabled", true), ("ingest", "disabled", true) }));
        Assert.That(provider.GetServices<IHostedService>(), Is.Empty);
    }

    [Test]
    public async Task The_length_of_the_agents_queue_is_known_while_redis_is_there()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var producer = await Producer.ConnectAsync(redis);
        await producer.PushAsync("agent:tasks", "1");
        await producer.PushAsync("agent:tasks", "2");
        await using var host = await IngestHost.StartAsync(redis, new RecordingLog());

        await Eventually.IsTrueAsync(async () => await host.Queue.GetLengthAsync(CancellationToken.None) == 2, "two tasks wait");
        await redis.KillAsync();
        await Eventually.IsTrueAsync(async () => await host.Queue.GetLengthAsync(CancellationToken.None) is null, "it is not known");
    }
}
