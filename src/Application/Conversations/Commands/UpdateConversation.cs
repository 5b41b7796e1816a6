using AutoMapper;
using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations.Contracts;
using GrooteDashboard.Application.Conversations.Ports;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Domain.Conversations;
using MediatR;

namespace GrooteDashboard.Application.Conversations.Commands;

/// <summary>Renames or archives a conversation; null where there is none of this id. What is not given stays.</summary>
/// <param name="ConversationId">The conversation.</param>
/// <param name="Title">Its new title.</param>
/// <param name="IsArchived">Whether it is archived.</param>
/// <param name="Metadata">A JSON object in place of the one that it has.</param>
public sealed record UpdateConversationCommand(string ConversationId, string? Title, bool? IsArchived, string? Metadata) : ICommand<ConversationSummary?>;

internal sealed class UpdateConversationValidator : AbstractValidator<UpdateConversationCommand>
{
    public UpdateConversationValidator()
    {
        RuleFor(c => c.Title).MaximumLength(Conversation.MaxTitleLength).WithName("title");
        RuleFor(c => c.Metadata).MaximumLength(Conversation.MaxMetadataLength).WithName("metadata");
    }
}

internal sealed class UpdateConversationHandler(IConversationRepository conversations, IMapper mapper, TimeProvider time)
    : IRequestHandler<UpdateConversationCommand, ConversationSummary?>
{
    public async Task<ConversationSummary?> Handle(UpdateConversationCommand command, CancellationToken cancellationToken)
    {
        if (await conversations.FindForUpdateAsync(command.ConversationId, cancellationToken) is not { } conversation)
        {
            return null;
        }

        conversation.Update(
            command.Title is { } title ? LogText.Clean(title) : null,
            command.IsArchived,
            command.Metadata is { } metadata ? LogText.RepairEscapes(metadata) : null,
            time.GetUtcNow());
        return mapper.Map<ConversationSummary>(conversation);
    }
}
