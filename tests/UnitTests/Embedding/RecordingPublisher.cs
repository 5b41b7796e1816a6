using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ports;

namespace GrooteDashboard.UnitTests.Embedding;

/// <summary>A publisher that remembers what was said, in order.</summary>
internal sealed class RecordingPublisher : IRealtimePublisher
{
    private readonly Lock _lock = new();
    private readonly List<ChannelFrame> _frames = [];
    private readonly List<(Func<IReadOnlyList<ChannelFrame>, bool> Condition, TaskCompletionSource Met)> _awaited = [];

    public IReadOnlyList<ChannelFrame> Frames
    {
        get
        {
            lock (_lock)
            {
                return [.. _frames];
            }
        }
    }

    public IReadOnlyList<ChannelFrame> On(string channel) => [.. Frames.Where(frame => frame.Channel == channel)];

    public IReadOnlyList<string> OutputOf(string taskId) =>
        [.. On(Channels.Task(taskId)).Select(frame => frame.Message).OfType<TaskOutputMessage>().Select(message => message.Output)];

    /// <summary>Called for every message while it is published.</summary>
    public Action<ChannelFrame>? Publishing { get; set; }

    public void Publish(in ChannelFrame frame)
    {
        Publishing?.Invoke(frame);
        lock (_lock)
        {
            _frames.Add(frame);
            foreach (var awaited in _awaited.Where(awaited => awaited.Condition(_frames)).ToList())
            {
                _awaited.Remove(awaited);
                awaited.Met.SetResult();
            }
        }
    }

    /// <summary>Completes as soon as what was published meets a condition.</summary>
    public Task UntilAsync(Func<IReadOnlyList<ChannelFrame>, bool> condition)
    {
        lock (_lock)
        {
            if (condition(_frames))
            {
                return Task.CompletedTask;
            }

            var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((condition, met));
            return met.Task.InTime();
        }
    }
}
