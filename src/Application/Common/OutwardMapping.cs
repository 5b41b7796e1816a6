using System.Reflection;
using AutoMapper;
using AutoMapper.Configuration;

namespace GrooteDashboard.Application.Common;

/// <summary>A map from an entity to what a screen shows: outward and flat, never back.</summary>
public abstract class OutwardProfile : Profile
{
    protected OutwardProfile() => OutwardMapping.IgnoreExtensionMethods(this);
}

internal static class OutwardMapping
{
    public static MapperConfiguration Configure(Assembly assembly)
    {
        var expression = new MapperConfigurationExpression();
        IgnoreExtensionMethods(expression);
        expression.AddProfiles(assembly);
        return new MapperConfiguration(expression);
    }

    /// <summary>
    /// AutoMapper 8 looks at every extension method of Enumerable as a possible source member and fails on those with generic
    /// constraints that .NET has had since version 7 (dotnet/runtime issue 69119). Flat maps need none of them.
    /// </summary>
    public static void IgnoreExtensionMethods(IProfileConfiguration profile) => ((List<MethodInfo>)profile.SourceExtensionMethods).Clear();
}
