namespace GrooteDashboard.Api.Endpoints;

/// <summary>How many characters each text of a list has at most. For the description of the API.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ItemLengthAttribute(int length) : Attribute
{
    public int Length => length;
}
