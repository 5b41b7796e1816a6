using System.Reflection;
using FluentValidation;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace GrooteDashboard.ArchitectureTests;

/// <summary>One use case is one file; its parts are nobody else's business; it calls no other use case.</summary>
public sealed class UseCaseTests
{
    private static readonly BindingFlags Everything = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Commands that have nothing to validate, and why.</summary>
    private static readonly Dictionary<string, string> WithoutValidator = new()
    {
        ["SettleTasksCommand"] = "It has no parameters.",
        ["RecordTripsCommand"] = "It says only what its sender has been told before.",
        ["DeleteBudgetCommand"] = "An id of another form is that of no budget.",
        ["ClearConversationCommand"] = "An id of another form is that of no conversation.",
        ["DeleteConversationCommand"] = "An id of another form is that of no conversation.",
        ["IssueTicketCommand"] = "It says only who asks, and that was found out by the server.",
    };

    private static IReadOnlyList<Type> Types => Layers.Application.GetTypes();

    [Test]
    public void Handlers_and_validators_are_internal_and_sealed() => Assert.That(Exposed(Types), Is.Empty);

    [Test]
    public void A_use_case_is_declared_in_the_file_of_its_name() =>
        Assert.That(Scattered(Types, path => SourceTree.Files.SingleOrDefault(file => file.Path == path)?.Text), Is.Empty);

    [Test]
    public void A_handler_never_sends_a_command() => Assert.That(Senders(Types), Is.Empty);

    [Test]
    public void Every_request_has_exactly_one_handler()
    {
        var services = new ServiceCollection();
        GrooteDashboard.Application.DependencyInjection.AddDashboardApplication(services);

        Assert.That(Types.Where(IsRequest), Is.Not.Empty);
        Assert.That(WithoutOneHandler(Types, services), Is.Empty);
    }

    [Test]
    public void Every_command_has_a_validator_or_a_reason()
    {
        var services = new ServiceCollection();
        GrooteDashboard.Application.DependencyInjection.AddDashboardApplication(services);

        Assert.That(CommandsWithoutValidator(Types, services), Is.EquivalentTo(WithoutValidator.Keys), "each is on the list, and the list names no other");
    }

    [Test]
    public void An_offender_is_found() => Assert.Multiple(() =>
    {
        Type[] offenders =
        [
            typeof(Offenders.SpoilCommand), typeof(Offenders.SpoilHandler), typeof(Offenders.SpoilValidator), typeof(Offenders.SpoilAgainHandler),
            typeof(Offenders.OrphanCommand), typeof(Offenders.OtherHandler), typeof(Offenders.FineCommand), typeof(Offenders.FineHandler), typeof(Offenders.FineValidator),
        ];
        var services = new ServiceCollection();
        services.AddScoped<IRequestHandler<Offenders.SpoilCommand, int>, Offenders.SpoilHandler>();
        services.AddScoped<IRequestHandler<Offenders.SpoilCommand, int>, Offenders.SpoilAgainHandler>();
        services.AddScoped<IRequestHandler<Offenders.FineCommand, int>, Offenders.FineHandler>();
        services.AddSingleton<IValidator<Offenders.FineCommand>, Offenders.FineValidator>();

        Assert.That(Exposed(offenders), Is.EqualTo(new[] { "SpoilHandler", "SpoilValidator" }));
        Assert.That(Senders(offenders), Is.EqualTo(new[] { "SpoilHandler", "SpoilAgainHandler" }));
        Assert.That(WithoutOneHandler(offenders, services), Is.EqualTo(new[] { "SpoilCommand: 2", "OrphanCommand: 0" }));
        Assert.That(CommandsWithoutValidator(offenders, services), Is.EqualTo(new[] { "SpoilCommand", "OrphanCommand" }));
        Assert.That(
            Scattered(offenders, path => path.EndsWith("/Fine.cs", StringComparison.Ordinal)
                ? "record FineCommand; class FineValidator; class FineHandler" : "record SpoilCommand; // class SpoilHandler"),
            Is.EqualTo(new[]
            {
                "SpoilCommand: SpoilHandler is not in src/ArchitectureTests/Spoil.cs",
                "SpoilCommand: SpoilValidator is not in src/ArchitectureTests/Spoil.cs",
                "SpoilCommand: SpoilAgainHandler is not in src/ArchitectureTests/Spoil.cs",
                "OrphanCommand: OrphanCommand is not in src/ArchitectureTests/Orphan.cs",
                "OrphanCommand: OtherHandler is not in src/ArchitectureTests/Orphan.cs",
            }));
    });

    private static bool IsRequest(Type type) => Closes(type, typeof(IRequest<>)) && !type.IsInterface;

    private static IEnumerable<string> Exposed(IEnumerable<Type> types) => types
        .Where(type => Closes(type, typeof(IRequestHandler<,>)) || Closes(type, typeof(IValidator<>)))
        .Where(type => !type.IsSealed || type.IsPublic || type.IsNestedPublic)
        .Select(type => type.Name);

    private static IEnumerable<string> Senders(IEnumerable<Type> types) => types
        .Where(type => Closes(type, typeof(IRequestHandler<,>)))
        .Where(type => type.GetConstructors(Everything).SelectMany(constructor => constructor.GetParameters()).Select(parameter => parameter.ParameterType)
            .Concat(type.GetFields(Everything).Select(field => field.FieldType))
            .Any(used => typeof(IMediator).IsAssignableFrom(used) || used == typeof(ServiceFactory) || used == typeof(IServiceProvider) || used == typeof(IServiceScopeFactory)))
        .Select(type => type.Name);

    private static IEnumerable<string> WithoutOneHandler(IEnumerable<Type> types, IServiceCollection services) =>
        from type in types
        where IsRequest(type)
        let handler = typeof(IRequestHandler<,>).MakeGenericType(type, Argument(type, typeof(IRequest<>)))
        let count = services.Count(service => service.ServiceType == handler)
        where count != 1
        select $"{type.Name}: {count}";

    private static IEnumerable<string> CommandsWithoutValidator(IEnumerable<Type> types, IServiceCollection services) =>
        from type in types
        where IsRequest(type) && type.Name.EndsWith("Command", StringComparison.Ordinal)
        where services.All(service => service.ServiceType != typeof(IValidator<>).MakeGenericType(type))
        select type.Name;

    private static IEnumerable<string> Scattered(IReadOnlyList<Type> types, Func<string, string?> read) =>
        from request in types
        where IsRequest(request)
        let path = FileOf(request)
        let code = CSharpText.Strip(read(path) ?? "")
        from part in new[] { request }.Concat(types.Where(type => IsPartOf(type, request)))
        where !code.Contains($" {part.Name}", StringComparison.Ordinal) || part.Namespace != request.Namespace
        select $"{request.Name}: {part.Name} is not in {path}";

    private static bool IsPartOf(Type type, Type request) =>
        (Closes(type, typeof(IRequestHandler<,>)) && Argument(type, typeof(IRequestHandler<,>)) == request)
        || (Closes(type, typeof(IValidator<>)) && Argument(type, typeof(IValidator<>)) == request);

    private static string FileOf(Type request)
    {
        var useCase = request.Name.Replace("Command", "", StringComparison.Ordinal).Replace("Query", "", StringComparison.Ordinal);
        return $"src/{request.Namespace!["GrooteDashboard.".Length..].Replace('.', '/')}/{useCase}.cs";
    }

    private static bool Closes(Type type, Type definition) => type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == definition);

    private static Type Argument(Type type, Type definition) =>
        type.GetInterfaces().First(i => i.IsGenericType && i.GetGenericTypeDefinition() == definition).GetGenericArguments()[0];

    private static class Offenders
    {
        public sealed record SpoilCommand : IRequest<int>;

        public sealed record OrphanCommand : IRequest<int>;

        public sealed record FineCommand : IRequest<int>;

        public class SpoilHandler(IMediator mediator) : IRequestHandler<SpoilCommand, int>
        {
            public Task<int> Handle(SpoilCommand request, CancellationToken cancellationToken) => mediator.Send(new OrphanCommand(), cancellationToken);
        }

        public sealed class SpoilValidator : AbstractValidator<SpoilCommand>;

        internal sealed class SpoilAgainHandler(IServiceProvider services) : SpoilHandler(services.GetRequiredService<IMediator>());

        internal sealed class OtherHandler : IRequestHandler<OrphanCommand, int>
        {
            public Task<int> Handle(OrphanCommand request, CancellationToken cancellationToken) => Task.FromResult(1);
        }

        internal sealed class FineHandler : IRequestHandler<FineCommand, int>
        {
            public Task<int> Handle(FineCommand request, CancellationToken cancellationToken) => Task.FromResult(1);
        }

        internal sealed class FineValidator : AbstractValidator<FineCommand>;
    }
}
