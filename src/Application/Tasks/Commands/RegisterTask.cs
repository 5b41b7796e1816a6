using System.Linq.Expressions;
using System.Text.Json;
using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations;
using GrooteDashboard.Application.Identity;
using GrooteDashboard.Application.Identity.Ports;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Identity;
using GrooteDashboard.Domain.Tasks;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Commands;

/// <summary>A client, a gateway or an engine says what a task is for. Repeating it changes nothing.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="InputMessage">What the agent is asked to do.</param>
/// <param name="SessionId">Its session; <see cref="Session.WebhookSystem"/> where none is named.</param>
/// <param name="AssignedAgent">The agent by name.</param>
/// <param name="AgentType">The agent's type.</param>
/// <param name="SourceMetadata">A JSON object.</param>
/// <param name="ConversationId">Its conversation.</param>
/// <param name="FlowId">The thread at the source.</param>
/// <param name="ParentTaskId">The task that started it.</param>
/// <param name="Model">The language model; where none is named, the <c>model</c> of the metadata.</param>
public sealed record RegisterTaskCommand(
    string TaskId,
    string Source,
    string InputMessage,
    string? SessionId = null,
    string? AssignedAgent = null,
    string? AgentType = null,
    string SourceMetadata = "{}",
    string? ConversationId = null,
    string? FlowId = null,
    string? ParentTaskId = null,
    string? Model = null) : ICommand<RegisteredTask>;

/// <summary>The task as it is known now.</summary>
public sealed record RegisteredTask(string TaskId, string? ConversationId);

internal sealed class RegisterTaskValidator : AbstractValidator<RegisterTaskCommand>
{
    public RegisterTaskValidator()
    {
        RuleFor(c => c.TaskId).Must(id => Identifier.IsValid(id)).WithName("task_id").WithMessage("task_id is not a valid id.");
        RuleFor(c => c.Source).NotEmpty().MaximumLength(AgentTask.MaxKindLength).WithName("source");
        RuleFor(c => c.InputMessage).NotNull().MaximumLength(AgentTask.MaxInputLength).WithName("input_message");
        RuleFor(c => c.AssignedAgent).MaximumLength(AgentTask.MaxNameLength).WithName("assigned_agent");
        RuleFor(c => c.AgentType).MaximumLength(AgentTask.MaxKindLength).WithName("agent_type");
        RuleFor(c => c.SourceMetadata).MaximumLength(AgentTask.MaxMetadataLength).WithName("source_metadata");
        RuleFor(c => c.FlowId).MaximumLength(AgentTask.MaxNameLength).WithName("flow_id");
        RuleFor(c => c.Model).MaximumLength(AgentTask.MaxNameLength).WithName("model");
        OptionalId(c => c.SessionId, "session_id");
        OptionalId(c => c.ConversationId, "conversation_id");
        OptionalId(c => c.ParentTaskId, "parent_task_id");
    }

    private void OptionalId(Expression<Func<RegisterTaskCommand, string?>> id, string name) =>
        RuleFor(id).Must(value => value is null || Identifier.IsValid(value)).WithName(name).WithMessage($"{name} is not a valid id.");
}

internal sealed class RegisterTaskHandler(
    IAgentTaskRepository tasks, ISessionRepository sessions, ConversationBook book, TimeProvider time, IEventIds ids)
    : IRequestHandler<RegisterTaskCommand, RegisteredTask>
{
    private const string SystemUser = "system";

    public async Task<RegisteredTask> Handle(RegisterTaskCommand command, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var task = await tasks.FindAsync(command.TaskId, cancellationToken);
        if (task is not null && task.SessionId != Session.Unregistered && command.SessionId != task.SessionId)
        {
            // A repetition by somebody else opens no session of its own: the task keeps the one it has.
            command = command with { SessionId = task.SessionId };
        }

        var sessionId = command.SessionId ?? Session.WebhookSystem;
        var session = await sessions.OpenAsync(
            sessionId, SystemUser, machineId: sessionId == Session.WebhookSystem ? "webhook" : "unknown", now, cancellationToken);
        var metadata = LogText.RepairEscapes(command.SourceMetadata);
        var registration = new TaskRegistration(
            LogText.Clean(command.Source),
            LogText.Clean(command.InputMessage),
            session.SessionId,
            session.UserId,
            LogText.Clean(command.AssignedAgent ?? AgentTask.DefaultAgent),
            LogText.Clean(command.AgentType ?? AgentTask.DefaultAgentType),
            metadata,
            command.ConversationId,
            command.FlowId is null ? null : LogText.Clean(command.FlowId),
            command.ParentTaskId,
            Name(command.Model ?? ModelIn(metadata)));
        if (task is null)
        {
            task = AgentTask.Register(command.TaskId, registration, now, ids.Next());
            tasks.Add(task);
        }
        else
        {
            var conversationId = task.ConversationId;
            task.FillIn(registration, now, ids.Next());
            if (conversationId is null)
            {
                // Its run may have ended before anybody said to which conversation it belongs.
                await book.EnterAsync(task, RunTotals.None, cancellationToken);
            }
        }

        return new RegisteredTask(task.TaskId, task.ConversationId);
    }

    private static string? Name(string? text) => string.IsNullOrEmpty(text) ? null : LogText.Clean(text);

    /// <summary>Gateways that know the model say so there.</summary>
    private static string? ModelIn(string metadata)
    {
        using var json = JsonDocument.Parse(metadata);
        return json.RootElement.TryGetProperty("model", out var model) && model.ValueKind == JsonValueKind.String
            && model.GetString() is { Length: <= AgentTask.MaxNameLength } name ? name : null;
    }
}
