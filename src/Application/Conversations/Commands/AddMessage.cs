using AutoMapper;
using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations.Contracts;
using GrooteDashboard.Application.Conversations.Ports;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Conversations;
using GrooteDashboard.Domain.Tasks;
using MediatR;

namespace GrooteDashboard.Application.Conversations.Commands;

/// <summary>
/// An engine saves what was said; null where there is no such conversation. It starts no task (<see cref="SendMessageCommand"/> does). A reply mostly comes
/// after its task was said to be completed: the task's status is then said again, so that those who look at the messages at a status see it.
/// </summary>
/// <param name="ConversationId">The conversation.</param>
/// <param name="Role">Who said it.</param>
/// <param name="Content">What was said.</param>
/// <param name="TaskId">The task that it belongs to.</param>
/// <param name="Metadata">A JSON object.</param>
public sealed record AddMessageCommand(
    string ConversationId, string Role, string Content, string? TaskId = null, string Metadata = Conversation.NoMetadata)
    : ICommand<MessageDetails?>;

internal sealed class AddMessageValidator : AbstractValidator<AddMessageCommand>
{
    public AddMessageValidator()
    {
        RuleFor(c => c.Role).Must(role => MessageRoles.TryParse(role, out _)).WithName("role").WithMessage("role must be user, assistant or system.");
        RuleFor(c => c.Content).NotNull().MaximumLength(Message.MaxContentLength).WithName("content");
        RuleFor(c => c.TaskId).Must(id => id is null || Identifier.IsValid(id)).WithName("task_id").WithMessage("task_id is not a valid id.");
        RuleFor(c => c.Metadata).MaximumLength(Message.MaxMetadataLength).WithName("metadata");
    }
}

internal sealed class AddMessageHandler(
    IConversationRepository conversations, IAgentTaskRepository tasks, IMapper mapper, TimeProvider time, IEventIds ids)
    : IRequestHandler<AddMessageCommand, MessageDetails?>
{
    public async Task<MessageDetails?> Handle(AddMessageCommand command, CancellationToken cancellationToken)
    {
        if (await conversations.FindForUpdateAsync(command.ConversationId, cancellationToken) is not { } conversation)
        {
            return null;
        }

        var now = time.GetUtcNow();
        var role = MessageRoles.TryParse(command.Role, out var named) ? named : default;
        var message = conversation.Say(
            NewId.ForMessage(now), role, LogText.Clean(command.Content), command.TaskId, LogText.RepairEscapes(command.Metadata), now, ids.Next());
        conversations.Add(message);
        if (role != MessageRole.User && await FindTaskAsync(command, cancellationToken) is { } task && task.Status.IsFinal())
        {
            task.SayAgain(now, ids.Next());
        }

        return mapper.Map<MessageDetails>(message);
    }

    private Task<AgentTask?> FindTaskAsync(AddMessageCommand command, CancellationToken cancellationToken) => command.TaskId is { } taskId
        ? tasks.FindAsync(taskId, cancellationToken)
        : tasks.FindNewestOfAsync(command.ConversationId, cancellationToken);
}
