using AutoMapper;
using AutoMapper.Configuration;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Domain.Tasks;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.ArchitectureTests;

/// <summary>What is wired wrongly fails when the server is built, not when a request comes.</summary>
public sealed class ContainerTests
{
    [Test]
    public async Task The_container_builds([Values] bool withRedis)
    {
        await using var app = TheServer.Build(withRedis);

        Assert.That(app.Services, Is.Not.Null);
    }

    [Test]
    public async Task Everything_that_runs_beside_the_requests_can_be_made([Values] bool withRedis)
    {
        await using var app = TheServer.Build(withRedis);

        Assert.That(app.Services.GetServices<IHostedService>().Count(), Is.GreaterThan(3));
    }

    [Test]
    public async Task Every_handler_can_be_made([Values] bool withRedis)
    {
        await using var app = TheServer.Build(withRedis);
        await using var scope = app.Services.CreateAsyncScope();
        var handlers = Layers.Application.GetTypes().SelectMany(type => type.GetInterfaces())
            .Where(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IRequestHandler<,>)).ToList();

        Assert.That(handlers, Is.Not.Empty);
        Assert.That(() => handlers.ForEach(handler => scope.ServiceProvider.GetRequiredService(handler)), Throws.Nothing);
    }

    [Test]
    public void A_service_that_cannot_be_made_stops_the_server()
    {
        var builder = TheServer.Configure();
        builder.Services.AddSingleton<NeedsWhatNobodyHas>();

        Assert.That(builder.Build, Throws.InstanceOf<AggregateException>().With.Message.Contains(nameof(NeedsWhatNobodyHas)));
    }

    [Test]
    public async Task A_scoped_service_outside_of_a_scope_is_refused()
    {
        await using var app = TheServer.Build();

        Assert.That(() => app.Services.GetRequiredService<IMediator>(), Throws.InvalidOperationException);
    }

    [Test]
    public void Every_map_fills_every_member() => Assert.That(Invalid(OutwardMapping.Configure(Layers.Application)), Is.Null);

    [Test]
    public async Task The_server_uses_these_maps()
    {
        await using var app = TheServer.Build();

        Assert.That(Invalid(app.Services.GetRequiredService<IConfigurationProvider>()), Is.Null);
        Assert.That(app.Services.GetRequiredService<IConfigurationProvider>().GetAllTypeMaps(), Is.Not.Empty);
    }

    [Test]
    public void A_map_that_leaves_a_member_empty_is_found() =>
        Assert.That(
            Invalid(new MapperConfiguration(configuration =>
            {
                OutwardMapping.IgnoreExtensionMethods((IProfileConfiguration)configuration);
                configuration.CreateMap<AgentTask, Row>();
            })),
            Does.Contain(nameof(Row.Forgotten)));

    [Test]
    public async Task Options_are_validated_when_the_server_starts()
    {
        await using var app = WithInvalidOptions(OptionsTypes).Build();

        Assert.That(OptionsTypes, Has.Some.Property(nameof(Type.Name)).EqualTo("RedisOptions").And.Some.Property(nameof(Type.Name)).EqualTo("AuthOptions"));
        Assert.That(RefusedAtStart(app), Is.EquivalentTo(OptionsTypes));
    }

    [Test]
    public async Task Options_that_nobody_validates_are_found()
    {
        await using var app = WithInvalidOptions([.. OptionsTypes, typeof(Unvalidated)]).Build();

        Assert.That(OptionsTypes.Append(typeof(Unvalidated)).Except(RefusedAtStart(app)), Is.EqualTo(new[] { typeof(Unvalidated) }));
    }

    /// <summary>Options are the classes that name their section.</summary>
    private static IReadOnlyList<Type> OptionsTypes =>
        [.. Layers.All.SelectMany(layer => layer.GetTypes()).Where(type => type.GetField("Section")?.IsLiteral == true)];

    private static WebApplicationBuilder WithInvalidOptions(IEnumerable<Type> types)
    {
        var builder = TheServer.Configure(withRedis: true);
        foreach (var type in types)
        {
            builder.Services.AddSingleton(typeof(IValidateOptions<>).MakeGenericType(type), typeof(Refusal<>).MakeGenericType(type));
        }

        return builder;
    }

    private static IReadOnlyList<Type> RefusedAtStart(WebApplication app)
    {
        try
        {
            app.Services.GetRequiredService<IStartupValidator>().Validate();
            return [];
        }
        catch (OptionsValidationException e)
        {
            return [e.OptionsType];
        }
        catch (AggregateException e)
        {
            return [.. e.InnerExceptions.OfType<OptionsValidationException>().Select(refusal => refusal.OptionsType)];
        }
    }

    private static string? Invalid(IConfigurationProvider maps)
    {
        try
        {
            maps.AssertConfigurationIsValid();
            return null;
        }
        catch (AutoMapperConfigurationException e)
        {
            return e.Message;
        }
    }

    private interface INobodyHas;

    private sealed class NeedsWhatNobodyHas(INobodyHas missing)
    {
        public INobodyHas Missing { get; } = missing;
    }

    private sealed class Row
    {
        public string TaskId { get; init; } = "";

        public string Forgotten { get; init; } = "";
    }

    private sealed class Unvalidated;

    private sealed class Refusal<T> : IValidateOptions<T>
        where T : class
    {
        public ValidateOptionsResult Validate(string? name, T options) => ValidateOptionsResult.Fail("refused");
    }
}
