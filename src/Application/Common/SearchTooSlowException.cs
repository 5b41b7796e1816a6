namespace GrooteDashboard.Application.Common;

/// <summary>A search was given up, so that it does not hold up others. Whoever searches is told so.</summary>
public sealed class SearchTooSlowException : Exception
{
    public SearchTooSlowException()
    {
    }

    public SearchTooSlowException(string message)
        : base(message)
    {
    }

    public SearchTooSlowException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
