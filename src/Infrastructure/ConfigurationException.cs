namespace GrooteDashboard.Infrastructure;

/// <summary>A setting is missing or wrong; the message is one line that names it. The process cannot start.</summary>
public sealed class ConfigurationException(string message, Exception? inner = null) : Exception(message, inner);
