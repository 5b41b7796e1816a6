using System.IO.Pipelines;

namespace GrooteDashboard.Api.Realtime.Sockets;

/// <summary>What a connection needs of what is below it. An interface, so that it can be what is there anyway: one object less for each connection.</summary>
internal interface ITransport
{
    /// <summary>What the client sends.</summary>
    PipeReader Input { get; }

    /// <summary>The way to the client.</summary>
    ITransportOutput Output { get; }

    /// <summary>Ends the transport at once, at any time.</summary>
    void Abort();
}

/// <summary>One that is put together from its parts.</summary>
internal sealed class Transport(PipeReader input, ITransportOutput output, Action abort) : ITransport
{
    public PipeReader Input => input;

    public ITransportOutput Output => output;

    public void Abort() => abort();
}
