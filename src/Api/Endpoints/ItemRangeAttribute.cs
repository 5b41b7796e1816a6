namespace GrooteDashboard.Api.Endpoints;

/// <summary>The least and the most that each number of a list may be. For the description of the API.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ItemRangeAttribute(int minimum, int maximum) : Attribute
{
    public int Minimum => minimum;

    public int Maximum => maximum;
}
