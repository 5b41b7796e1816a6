using FluentValidation;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Conversations.Contracts;
using GrooteDashboard.Application.Conversations.Ports;
using GrooteDashboard.Domain.Conversations;
using MediatR;

namespace GrooteDashboard.Application.Conversations.Queries;

/// <summary>The newest messages as an engine takes them into its prompt, oldest first; null where there is no such conversation.</summary>
/// <param name="ConversationId">The conversation.</param>
/// <param name="MaxMessages">How many at most.</param>
/// <param name="Roles">Of these roles only; empty for all.</param>
public sealed record GetConversationContextQuery(string ConversationId, int MaxMessages, IReadOnlyList<string> Roles) : IQuery<IReadOnlyList<ContextMessage>?>
{
    public const int MaxMaxMessages = 100;
}

internal sealed class GetConversationContextValidator : AbstractValidator<GetConversationContextQuery>
{
    public GetConversationContextValidator()
    {
        RuleFor(q => q.MaxMessages).InclusiveBetween(1, GetConversationContextQuery.MaxMaxMessages).WithName("max_messages");
        RuleForEach(q => q.Roles).OverrideIndexer((_, _, _, _) => "").Must(role => MessageRoles.TryParse(role, out _)).OverridePropertyName("roles")
            .WithMessage("roles must be any of user, assistant, system.");
    }
}

internal sealed class GetConversationContextHandler(IConversationReader reader)
    : IRequestHandler<GetConversationContextQuery, IReadOnlyList<ContextMessage>?>
{
    public async Task<IReadOnlyList<ContextMessage>?> Handle(GetConversationContextQuery query, CancellationToken cancellationToken)
    {
        var roles = query.Roles.Select(name => MessageRoles.TryParse(name, out var role) ? role : default).Distinct().ToList();
        var messages = await reader.ListMessagesAsync(query.ConversationId, null, roles, 0, query.MaxMessages, cancellationToken);
        return messages?.Select(numbered => new ContextMessage(numbered.Message.Role.Name(), numbered.Message.Content, numbered.Message.CreatedAt)).ToList();
    }
}
