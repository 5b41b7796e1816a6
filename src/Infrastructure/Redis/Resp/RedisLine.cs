using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace GrooteDashboard.Infrastructure.Redis.Resp;

/// <summary>
/// A connection for one caller, who asks one thing at a time and waits for the answer on its own thread: one write, one read, and nobody else is woken. For what is
/// asked hundreds of times per second (docs/adr/0013-subscriber.md); everything else goes over <see cref="RedisConnection"/>. It connects when it is asked, and again
/// after every failure.
/// </summary>
internal sealed class RedisLine(ConfigurationOptions configuration, IOptions<RedisOptions> options) : IDisposable
{
    private const int MaxKeptBytes = 1 << 20;

    private readonly RedisOptions _options = options.Value;
    private readonly RespReader _reader = new();
    private ArrayBufferWriter<byte> _request = new();
    private byte[] _buffer = new byte[16 << 10];
    private Stream? _stream;
    private int _failures;

    /// <returns>The parts of the answer, as text.</returns>
    /// <exception cref="RespErrorException">Redis refuses.</exception>
    /// <exception cref="IOException">Redis is away, or does not answer in time: it may have done what was asked.</exception>
    public string[] Ask(params ReadOnlySpan<object> command)
    {
        try
        {
            var stream = _stream ??= Open();
            return Send(stream, command);
        }
        catch (RespErrorException e) when (e.IsUnknownScript)
        {
            throw;
        }
        catch (Exception e)
        {
            // One that refuses may be a replica, or want another password: the next one is tried.
            _stream?.Dispose();
            _stream = null;
            _failures++;
            throw e is IOException or RespErrorException ? e : new IOException("Redis is away.", e);
        }
    }

    public void Dispose() => _stream?.Dispose();

    private Stream Open()
    {
        var endPoint = configuration.EndPoints[_failures % configuration.EndPoints.Count];
        var stream = RespStream.Open(configuration, endPoint, _options.CommandTimeout, _options.CommandTimeout, CancellationToken.None);
        try
        {
            // A password that is not needed is no harm; without one that is, what follows is refused.
            if (configuration.Password is { Length: > 0 } password)
            {
                TrySend(stream, "AUTH", password);
            }

            TrySend(stream, "CLIENT", "SETNAME", "groote-dashboard-log");
            if (configuration.DefaultDatabase is { } database and > 0)
            {
                Send(stream, "SELECT", database.ToString(CultureInfo.InvariantCulture));
            }

            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private void TrySend(Stream stream, params ReadOnlySpan<object> command)
    {
        try
        {
            Send(stream, command);
        }
        catch (RespErrorException)
        {
            // See above.
        }
    }

    private string[] Send(Stream stream, params ReadOnlySpan<object> command)
    {
        _request.ResetWrittenCount();
        _request.WriteCommand(command);
        stream.Write(_request.WrittenSpan);
        if (_request.Capacity > MaxKeptBytes)
        {
            // One large request is not to be remembered for ever.
            _request = new ArrayBufferWriter<byte>();
        }

        var filled = 0;
        do
        {
            if (filled == _buffer.Length)
            {
                Array.Resize(ref _buffer, 2 * filled);
            }

            var read = stream.Read(_buffer, filled, _buffer.Length - filled);
            filled += read > 0 ? read : throw new EndOfStreamException();
        }
        while (!_reader.TryRead(_buffer.AsMemory(0, filled)));

        var parts = new string[_reader.Count];
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = Encoding.UTF8.GetString(_reader.Parts[i].Span);
        }

        return _reader.IsError ? throw new RespErrorException(parts[0]) : parts;
    }
}

/// <summary>Redis refuses what it was asked; its words are the message.</summary>
internal sealed class RespErrorException(string message) : Exception(message)
{
    /// <summary>It was asked for a script by its hash, and does not have it.</summary>
    public bool IsUnknownScript => Message.StartsWith("NOSCRIPT", StringComparison.Ordinal);
}
