using System.Reflection;
using System.Runtime.CompilerServices;
using GrooteDashboard.Domain.Common;

namespace GrooteDashboard.ArchitectureTests;

/// <summary>A state change is a method: nobody sets a property of an entity from outside.</summary>
public sealed class DomainTests
{
    [Test]
    public void Entities_have_no_public_setters()
    {
        Assert.That(Layers.Domain.GetTypes().Count(IsEntity), Is.GreaterThan(1));
        Assert.That(PublicSetters(Layers.Domain.GetTypes()), Is.Empty);
    }

    [Test]
    public void Entities_have_no_public_fields_and_no_public_constructors() => Assert.That(OtherDoors(Layers.Domain.GetTypes()), Is.Empty);

    [Test]
    public void Values_do_not_change() => Assert.That(MutableValues(Layers.Domain.GetTypes()), Is.Empty);

    [Test]
    public void An_offender_is_found() => Assert.Multiple(() =>
    {
        Type[] offenders = [typeof(Leaky), typeof(Tight), typeof(Mutable), typeof(Immutable)];
        Assert.That(PublicSetters(offenders), Is.EqualTo(new[] { "Leaky.Set", "Leaky.Init" }));
        Assert.That(OtherDoors(offenders), Is.EqualTo(new[] { "Leaky.Field", "Leaky..ctor" }));
        Assert.That(MutableValues(offenders), Is.EqualTo(new[] { "Mutable.Set" }));
    });

    private static bool IsEntity(Type type) => type.IsAssignableTo(typeof(Entity)) && type != typeof(Entity);

    private static IEnumerable<string> PublicSetters(IEnumerable<Type> types) =>
        from type in types
        where type.IsAssignableTo(typeof(Entity))
        from property in type.GetProperties(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly)
        where property.SetMethod is { IsPublic: true } or { IsAssembly: true } or { IsFamilyOrAssembly: true }
        select $"{type.Name}.{property.Name}";

    private static IEnumerable<string> OtherDoors(IEnumerable<Type> types) =>
        from type in types
        where IsEntity(type)
        from member in type.GetFields(BindingFlags.Instance | BindingFlags.Public).Cast<MemberInfo>()
            .Concat(type.GetConstructors(BindingFlags.Instance | BindingFlags.Public))
        select $"{type.Name}.{member.Name}";

    private static IEnumerable<string> MutableValues(IEnumerable<Type> types) =>
        from type in types
        where type.GetMethod("<Clone>$") is not null
        from property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
        where property.SetMethod is { IsPublic: true } setter && !setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit))
        select $"{type.Name}.{property.Name}";

    private sealed class Leaky : Entity
    {
        public int Field;

        public int Set { get; set; }

        public int Init { get; init; }

        public int Fine { get; private set; }

        public void Change() => Fine = ++Field;
    }

    private sealed class Tight : Entity
    {
        private Tight()
        {
        }

        public int Fine { get; private set; }

        public static Tight Create() => new() { Fine = 1 };
    }

    private sealed record Mutable(int Fine)
    {
        public int Set { get; set; }
    }

    private sealed record Immutable(int Fine);
}
