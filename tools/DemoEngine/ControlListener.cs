using System.Text.Json;

using StackExchange.Redis;

namespace GrooteDashboard.DemoEngine;

/// <summary>Obeys <c>task:{id}:control</c> for as long as one task runs: stop it, or answer what it asks.</summary>
internal sealed class ControlListener : IAsyncDisposable
{
    private readonly string _taskId;
    private readonly EngineClient _engine;
    private readonly Log _log;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private TaskCompletionSource<string>? _expected;
    private bool _ended;

    private ControlListener(string taskId, EngineClient engine, Log log)
    {
        _taskId = taskId;
        _engine = engine;
        _log = log;
    }

    /// <summary>Cancelled by <c>{"action":"stop"}</c>.</summary>
    public CancellationToken Stopped => _stop.Token;

    public static async Task<ControlListener> ListenAsync(
        string taskId, EngineClient engine, Log log, CancellationToken cancellationToken)
    {
        var listener = new ControlListener(taskId, engine, log);
        await engine.SubscribeToControlAsync(taskId, listener.Receive, cancellationToken);
        return listener;
    }

    /// <summary>Call before the question is asked, so that the quickest answer finds somebody who expects it.</summary>
    public Task<string> ExpectInput()
    {
        lock (_gate)
        {
            _expected = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            return _expected.Task;
        }
    }

    public void StopExpecting()
    {
        lock (_gate)
            _expected = null;
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.UnsubscribeFromControlAsync(_taskId, Receive);
        lock (_gate)
        {
            _ended = true;
            _stop.Dispose();
        }
    }

    private void Receive(RedisChannel channel, RedisValue message)
    {
        string? action = null, input = null;
        try
        {
            using var json = JsonDocument.Parse((string)message);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
            {
                action = Text(json.RootElement, "action");
                input = Text(json.RootElement, "message");
            }
        }
        catch (JsonException)
        {
            // Falls through to the line for what is not understood.
        }

        lock (_gate)
        {
            if (_ended)
                return;

            switch (action)
            {
                case "stop":
                    // CancelAsync: the callbacks must not run on the connection's reading thread.
                    _ = _stop.CancelAsync();
                    break;
                case "input" when input is not null:
                    if (_expected?.TrySetResult(input) != true)
                        _log.Write($"{_taskId} was sent input but waits for none; ignored");
                    break;
                default:
                    _log.Write($"{_taskId} was sent a control message that is neither stop nor input; ignored");
                    break;
            }
        }
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
