using System.Security.Cryptography;
using GrooteDashboard.Application.Identity.Contracts;
using GrooteDashboard.Application.Identity.Ports;
using MediatR;

namespace GrooteDashboard.Application.Identity.Commands;

/// <summary>
/// Gives a ticket to a client that cannot show its credentials where it connects: a browser's WebSocket sends no headers, and addresses end up in
/// the logs of proxies. No unit of work: a ticket does not outlive half a minute.
/// </summary>
/// <param name="Principal">Who asks, and whom the ticket will stand for.</param>
public sealed record IssueTicketCommand(Principal Principal) : IRequest<IssuedTicket>
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);
}

internal sealed class IssueTicketHandler(ITicketStore tickets) : IRequestHandler<IssueTicketCommand, IssuedTicket>
{
    private const int TicketLength = 64;

    public async Task<IssuedTicket> Handle(IssueTicketCommand command, CancellationToken cancellationToken)
    {
        var ticket = RandomNumberGenerator.GetHexString(TicketLength, lowercase: true);
        await tickets.AddAsync(ticket, command.Principal, IssueTicketCommand.Lifetime, cancellationToken);
        return new IssuedTicket(ticket, (int)IssueTicketCommand.Lifetime.TotalSeconds);
    }
}
