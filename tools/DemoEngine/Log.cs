namespace GrooteDashboard.DemoEngine;

/// <summary>One line per event on standard output.</summary>
internal sealed class Log(TextWriter writer, TimeProvider clock)
{
    private readonly Lock _gate = new();

    public void Write(string line)
    {
        lock (_gate)
        {
            try
            {
                writer.WriteLine($"{clock.GetLocalNow():HH:mm:ss} {line}");
            }
            catch (IOException)
            {
                // Whoever read our output has gone. That is no reason to stop the work.
            }
        }
    }
}
