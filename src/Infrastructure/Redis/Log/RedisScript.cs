using System.Security.Cryptography;
using System.Text;
using GrooteDashboard.Infrastructure.Redis.Resp;
using StackExchange.Redis;

namespace GrooteDashboard.Infrastructure.Redis.Log;

/// <summary>A script that Redis runs as one step. It is sent by its hash, and in full only to a Redis that does not know it.</summary>
internal sealed class RedisScript
{
    private const string NoKeys = "0";

    private readonly byte[] _text;
    private readonly string _hash;

    private RedisScript(byte[] text)
    {
        _text = text;
        // The hash by which Redis names scripts; nothing is protected by it.
#pragma warning disable CA5350
        _hash = Convert.ToHexStringLower(SHA1.HashData(text));
#pragma warning restore CA5350
    }

    public static RedisScript Append { get; } = Load("append");

    public static RedisScript Begin { get; } = Load("begin");

    public static RedisScript Open { get; } = Load("open");

    public static RedisScript End { get; } = Load("end");

    public static RedisScript Look { get; } = Load("look");

    public static RedisScript Window { get; } = Load("window");

    public static RedisScript Read { get; } = Load("read");

    public static RedisScript Stored { get; } = Load("stored");

    public static RedisScript Announce { get; } = Load("announce");

    public static RedisScript Position { get; } = Load("position");

    public static RedisScript Source { get; } = Load("source");

    public static RedisScript Advance { get; } = Load("advance");

    /// <inheritdoc cref="RedisConnection.ExecuteAsync" path="/exception"/>
    public async Task<RedisResult> RunAsync(RedisConnection connection, IReadOnlyCollection<object> arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.ExecuteAsync("EVALSHA", [_hash, NoKeys, .. arguments], cancellationToken);
        }
        catch (RedisServerException e) when (e.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            return await connection.ExecuteAsync("EVAL", [_text, NoKeys, .. arguments], cancellationToken);
        }
    }

    /// <summary>The same on a connection of the caller's own, and on its thread.</summary>
    /// <inheritdoc cref="RedisLine.Ask" />
    public string[] Run(RedisLine line, IReadOnlyCollection<object> arguments)
    {
        try
        {
            return line.Ask(["EVALSHA", _hash, NoKeys, .. arguments]);
        }
        catch (RespErrorException e) when (e.IsUnknownScript)
        {
            return line.Ask(["EVAL", _text, NoKeys, .. arguments]);
        }
    }

    private static RedisScript Load(string name)
    {
        using var resource = typeof(RedisScript).Assembly.GetManifestResourceStream(typeof(RedisScript), name + ".lua")
            ?? throw new InvalidOperationException($"The script {name} is not part of the assembly.");
        using var reader = new StreamReader(resource);
        return new RedisScript(Encoding.UTF8.GetBytes(reader.ReadToEnd()));
    }
}
