using System.Text;

using GrooteDashboard.DemoEngine.Scenarios;

namespace GrooteDashboard.DemoEngine;

/// <summary>Plays one script as one task, in the engine's order of calls.</summary>
internal sealed class TaskRun(
    AgentTask task, Script script, LivePath livePath, double speed, EngineClient engine, Lifetime lifetime, TimeProvider clock, Log log)
{
    private const int LongestPatchOutput = 10_000;
    private const int LongestToolResult = 5_000;
    private const int LongestRawOutput = 204_800;

    private readonly Usage _usage = new(script.Model, script.ContextTokens);
    private readonly StringBuilder _rawOutput = new();
    private readonly List<object> _toolEvents = [];
    private readonly List<object> _thinkingBlocks = [];
    private string _lastTool = "";

    /// <summary>Returns the status that was reported.</summary>
    public async Task<string> RunAsync()
    {
        // Reports go on for a moment after the end was asked for; only the work itself stops at once.
        var reports = lifetime.Deadline;
        await using var control = await ControlListener.ListenAsync(task.TaskId, engine, log, reports);
        using var work = CancellationTokenSource.CreateLinkedTokenSource(lifetime.Stopping, control.Stopped);
        var started = clock.GetTimestamp();
        try
        {
            if (task.MustBeRegistered)
                await engine.RegisterTaskAsync(task, reports);

            await engine.AppendEventAsync(
                "task:created",
                task.TaskId,
                new TaskCreatedEvent(task.TaskId, task.SessionId, task.InputMessage, task.Source, task.AssignedAgent),
                reports);
            await engine.AppendEventAsync(
                "task:started", task.TaskId, new TaskStartedEvent(task.TaskId, task.SessionId, task.ConversationId), reports);
            await ReportRunningAsync(reports);

            var end = await PlayAsync(control, work.Token, reports);
            return await CompleteAsync(end, clock.GetElapsedTime(started), reports);
        }
        catch (Exception e) when (e is not OperationCanceledException || !reports.IsCancellationRequested)
        {
            return await FailAsync(e, reports);
        }
    }

    private async Task<End> PlayAsync(ControlListener control, CancellationToken work, CancellationToken reports)
    {
        try
        {
            foreach (var step in script.Steps)
            {
                work.ThrowIfCancellationRequested();
                if (step is Conclude conclusion)
                {
                    await EmitAsync(conclusion.Summary, reports);
                    _usage.Write(conclusion.Summary);
                    return new End(conclusion.Error is null ? "completed" : "failed", conclusion.Summary, conclusion.Error);
                }

                await PlayAsync(step, control, work, reports);
            }
        }
        catch (OperationCanceledException) when (work.IsCancellationRequested)
        {
            return new End("cancelled", "Stopped before it was finished.\n", "Stopped on request");
        }

        throw new InvalidOperationException($"The script of {script.Scenario} has no conclusion.");
    }

    private async Task PlayAsync(Step step, ControlListener control, CancellationToken work, CancellationToken reports)
    {
        switch (step)
        {
            case Think think:
                _usage.Write(think.Text, think.Seconds);
                var thinking = new ThinkingEvent(task.TaskId, think.Text);
                _thinkingBlocks.Add(thinking);
                await engine.AppendEventAsync("task:thinking", task.TaskId, thinking, reports);
                await PassAsync(think.Seconds, work);
                break;

            case ToolCall call:
                _usage.Write(call.Input.ToJsonString(), thinkingSeconds: 1);
                _lastTool = call.Name;
                var toolCall = new ToolCallEvent(task.TaskId, call.Name, call.Input, call.ToolUseId);
                _toolEvents.Add(toolCall);
                await engine.AppendEventAsync("task:tool_call", task.TaskId, toolCall, reports);
                await PassAsync(call.Seconds, work);
                break;

            case ToolResult result:
                _usage.Read(result.Content);
                var content = Shorten(result.Content, LongestToolResult);
                var toolResult = new ToolResultEvent(task.TaskId, _lastTool, content, result.IsError);
                _toolEvents.Add(toolResult);
                await engine.AppendEventAsync("task:tool_result", task.TaskId, toolResult, reports);
                break;

            case Output output:
                await EmitAsync(output.Text, reports);
                await PassAsync(output.Seconds, work);
                break;

            case Ask ask:
                await AskAsync(ask, control, work, reports);
                break;

            default:
                throw new InvalidOperationException($"Nobody plays a {step.GetType().Name}.");
        }
    }

    private async Task AskAsync(Ask ask, ControlListener control, CancellationToken work, CancellationToken reports)
    {
        var expected = control.ExpectInput();
        await EmitAsync(ask.Question, reports);
        await engine.PublishStatusAsync(task.TaskId, new StatusReport("waiting_input"), reports);
        await engine.UpdateTaskAsync(task.TaskId, new TaskUpdate("waiting_input"), reports);
        try
        {
            ask.Answer = await expected.WaitAsync(TimeSpan.FromSeconds(ask.PatienceSeconds / speed), work);
            _usage.Read(ask.Answer);
        }
        catch (TimeoutException)
        {
            // Nobody answered: the script goes on by itself.
        }
        finally
        {
            control.StopExpecting();
        }

        await ReportRunningAsync(reports);
        await EmitAsync(ask.Answer is null ? $"> (no answer) {ask.Fallback}\n" : $"> {ask.Answer}\n", reports);
    }

    private async Task ReportRunningAsync(CancellationToken reports)
    {
        await engine.PublishStatusAsync(task.TaskId, new StatusReport("in_progress"), reports);
        await engine.UpdateTaskAsync(task.TaskId, new TaskUpdate("running"), reports);
    }

    private async Task<string> CompleteAsync(End end, TimeSpan duration, CancellationToken reports)
    {
        var (status, output, error) = end;
        var rawOutput = Shorten(_rawOutput.ToString(), LongestRawOutput);
        var seconds = Math.Round(duration.TotalSeconds, 2);
        var result = new RunResult(
            output, rawOutput, _usage.CostUsd, _usage.InputTokens, _usage.OutputTokens, error is null, error, _toolEvents, _thinkingBlocks);

        // An unsuccessful run is published as completed too; the event and the PATCH below tell the truth.
        var published = status == "cancelled" ? "cancelled" : "completed";
        await engine.PublishStatusAsync(task.TaskId, new StatusReport(published, result), reports);
        await engine.AppendEventAsync("task:raw_output", task.TaskId, new RawOutputEvent(task.TaskId, rawOutput), reports);
        await engine.StoreOutputAsync(task.TaskId, output, reports);
        await engine.AppendEventAsync("task:output", task.TaskId, new OutputEvent(task.TaskId, output), reports);
        await engine.AppendEventAsync(
            "task:completed",
            task.TaskId,
            new TaskCompletedEvent(
                task.TaskId, task.SessionId, task.ConversationId, status, output, seconds,
                _usage.CostUsd, _usage.InputTokens, _usage.OutputTokens),
            reports);
        await engine.UpdateTaskAsync(
            task.TaskId,
            new TaskUpdate(
                status, Shorten(output, LongestPatchOutput), error, _usage.CostUsd, _usage.InputTokens, _usage.OutputTokens, seconds),
            reports);
        if (task.ConversationId is { } conversationId)
            await engine.SaveReplyAsync(conversationId, task.TaskId, output, reports);

        return status;
    }

    private async Task<string> FailAsync(Exception exception, CancellationToken reports)
    {
        var error = exception.Message;
        await engine.PublishStatusAsync(task.TaskId, new StatusReport("failed", new FailureResult(error)), reports);
        await engine.UpdateTaskAsync(task.TaskId, new TaskUpdate("failed", Error: error), reports);
        await engine.AppendEventAsync("task:failed", task.TaskId, new TaskFailedEvent(task.TaskId, error), reports);
        return "failed";
    }

    private Task EmitAsync(string text, CancellationToken reports)
    {
        if (_rawOutput.Length < LongestRawOutput)
            _rawOutput.Append(text);

        return livePath == LivePath.PubSub
            ? engine.PublishOutputAsync(task.TaskId, text, reports)
            : engine.AppendEventAsync("task:output", task.TaskId, new OutputEvent(task.TaskId, text), reports);
    }

    private Task PassAsync(double seconds, CancellationToken work) => Task.Delay(TimeSpan.FromSeconds(seconds / speed), clock, work);

    private static string Shorten(string text, int length) => text.Length <= length ? text : text[..length];

    private sealed record End(string Status, string Output, string? Error);
}
