using System.Text.Json.Nodes;
using FluentValidation;
using GrooteDashboard.Application.Budgets;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations.Ports;
using GrooteDashboard.Application.Identity;
using GrooteDashboard.Application.Identity.Ports;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Conversations;
using GrooteDashboard.Domain.Tasks;
using MediatR;

namespace GrooteDashboard.Application.Conversations.Commands;

/// <summary>
/// A person says something to an agent: the message, the task that answers it and the work for the engine are one transaction. Null where there is no such
/// conversation; then nothing is written, nor where a budget that stops chat is spent (<c>budget_exceeded</c>).
/// </summary>
/// <param name="Content">What is said.</param>
/// <param name="SessionId">The person's session; <see cref="DefaultSession"/> where none is named.</param>
/// <param name="ConversationId">The conversation; null begins a new one.</param>
/// <param name="AgentType">The agent that is to answer, where a conversation begins; null for the default one.</param>
/// <param name="MessageId">
/// An id that the sender chose. Sent again, after an answer that did not arrive, it is the same message: what it created is told, and nothing else happens.
/// </param>
public sealed record SendMessageCommand(
    string Content, string? SessionId = null, string? ConversationId = null, string? AgentType = null, string? MessageId = null) : ICommand<SentMessage?>
{
    public const string DefaultSession = "default-session";
}

/// <summary>What was created.</summary>
public sealed record SentMessage(string TaskId, string ConversationId, string MessageId);

internal sealed class SendMessageValidator : AbstractValidator<SendMessageCommand>
{
    public SendMessageValidator()
    {
        RuleFor(c => c.Content).NotEmpty().MaximumLength(AgentTask.MaxInputLength).WithName("message").OverridePropertyName("message");
        RuleFor(c => c.AgentType).Length(1, AgentTask.MaxKindLength).WithName("agent_type");
        RuleFor(c => c.AgentType).Null().When(c => c.ConversationId is not null).WithName("agent_type")
            .WithMessage("agent_type is for a new conversation: this one has its agent.");
        RuleFor(c => c.MessageId).Must(id => id is null || Identifier.IsValid(id)).WithName("message_id").WithMessage("message_id is not a valid id.");
        RuleFor(c => c.SessionId).Must(id => id is null || Identifier.IsValid(id)).WithName("session_id").WithMessage("session_id is not a valid id.");
    }
}

internal sealed class SendMessageHandler(
    IConversationRepository conversations,
    IConversationReader reader,
    ISessionRepository sessions,
    IAgentTaskRepository tasks,
    IAgentOutbox agents,
    BudgetGate budgets,
    TimeProvider time,
    IEventIds ids) : IRequestHandler<SendMessageCommand, SentMessage?>
{
    private const string Machine = "dashboard";
    private const string DefaultAgentType = "planning";

    public async Task<SentMessage?> Handle(SendMessageCommand command, CancellationToken cancellationToken)
    {
        var spent = await budgets.LookAsync(cancellationToken);
        var content = LogText.Clean(command.Content);
        var context = ChatContext.None;
        Conversation conversation;
        if (command.ConversationId is { } known)
        {
            if (await conversations.FindForUpdateAsync(known, cancellationToken) is not { } found)
            {
                return null;
            }

            // Under the conversation's lock, so that two of the same are one after the other.
            if (await FindSentAsync(command, cancellationToken) is { } sent)
            {
                return sent;
            }

            conversation = found;
            Require(spent, conversation.AgentType);
            context = await ChatContext.ReadAsync(reader, known, cancellationToken);
        }
        else
        {
            if (await FindSentAsync(command, cancellationToken) is { } sent)
            {
                return sent;
            }

            Require(spent, command.AgentType);
            var begun = time.GetUtcNow();
            conversation = Conversation.Start(
                NewId.ForConversation(begun),
                new ConversationStart(
                    Conversation.TitleFrom(content),
                    AgentType: command.AgentType is { } agent ? LogText.Clean(agent) : null,
                    Metadata: """{"source":"dashboard","created_from":"execute_chat"}"""),
                begun);
            conversations.Add(conversation);
        }

        // After the wait for others who speak in the same conversation.
        var now = time.GetUtcNow();
        var session = await sessions.OpenAsync(
            command.SessionId ?? SendMessageCommand.DefaultSession, Conversation.DefaultUser, Machine, now, cancellationToken);
        var task = AgentTask.Register(
            NewId.ForTask(now),
            new TaskRegistration(
                AgentTask.DashboardSource,
                content,
                session.SessionId,
                session.UserId,
                conversation.AgentType ?? AgentTask.DefaultAgent,
                conversation.AgentType ?? DefaultAgentType,
                MetadataOf(conversation, context),
                conversation.ConversationId,
                conversation.FlowId),
            now,
            ids.Next());
        tasks.Add(task);
        var message = conversation.Say(command.MessageId ?? NewId.ForMessage(now), MessageRole.User, content, task.TaskId, Conversation.NoMetadata, now, ids.Next());
        conversations.Add(message);
        agents.Add(new AgentNotice(AgentNoticeKind.Work, task.TaskId, AgentMessages.Work(task, context.Before(content))));
        return new SentMessage(task.TaskId, conversation.ConversationId, message.MessageId);
    }

    private static void Require(SpentBudgets spent, string? agentType) => spent.Require(agentType ?? AgentTask.DefaultAgent, AgentTask.DashboardSource);

    /// <summary>What a message of this id has created before; null where it is new.</summary>
    private async Task<SentMessage?> FindSentAsync(SendMessageCommand command, CancellationToken cancellationToken)
    {
        if (command.MessageId is null || await conversations.FindMessageAsync(command.MessageId, cancellationToken) is not { } message)
        {
            return null;
        }

        return message.TaskId is { } taskId && message.ConversationId == (command.ConversationId ?? message.ConversationId)
            ? new SentMessage(taskId, message.ConversationId, message.MessageId)
            : throw new DomainRuleException("message_id_taken", "Another message has this id.");
    }

    private static string MetadataOf(Conversation conversation, ChatContext context) => new JsonObject
    {
        ["conversation_id"] = conversation.ConversationId,
        ["has_context"] = context.HasMessages,
        ["has_task_history"] = context.HasTasks,
    }.ToJsonString();
}
