using System.Globalization;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Log;

namespace GrooteDashboard.Infrastructure.Redis.Log;

/// <summary>One round as a call of append.lua: its arguments, and what the answer says.</summary>
internal sealed class AppendCall
{
    private readonly List<LogOperation> _operations;
    private readonly List<string> _channels = [];

    private readonly bool _canWait;

    public AppendCall(IReadOnlyCollection<LogWork> works)
    {
        _operations = [.. works.SelectMany(work => work.Operations).Where(operation => !operation.IsKept)];
        _canWait = works.All(work => work.CanWait);
    }

    /// <param name="instance">Who calls.</param>
    /// <param name="number">The number of the call; the same however often it is repeated.</param>
    /// <param name="answered">The number of the newest call that was answered in this epoch; 0 where there is none.</param>
    /// <param name="epoch">The epoch that the caller knows.</param>
    /// <param name="heads">Heads of channels, as far as the store was asked.</param>
    public List<object> Arguments(string instance, long number, long answered, string epoch, IReadOnlyDictionary<string, TaskLogHead> heads)
    {
        var indexes = new Dictionary<string, string>(StringComparer.Ordinal);
        _channels.Clear();
        foreach (var channel in _operations.Select(operation => operation.Channel))
        {
            if (indexes.TryAdd(channel, Text(_channels.Count + 1)))
            {
                _channels.Add(channel);
            }
        }

        var arguments = new List<object>(7 + (_channels.Count * 6) + (_operations.Count * 8))
        {
            instance, Text(number), Text(answered), epoch, _canWait ? "" : "awaited", Text(_channels.Count),
        };
        foreach (var channel in _channels)
        {
            arguments.AddRange([channel, Text(LogKeys.Kept(channel)), Channels.TryGetTaskId(channel, out _) ? "1" : "0"]);
            arguments.AddRange(heads.TryGetValue(channel, out var head) ? [Text(head.Offset), new TaskState(0, head.Status).ToString(), head.HasOutput ? "1" : "0"] : ["", "", ""]);
        }

        arguments.Add(Text(_operations.Count));
        foreach (var operation in _operations)
        {
            arguments.Add(indexes[operation.Channel]);
            arguments.Add(operation.SourceId);
            arguments.Add(operation.IsStored switch { true => "taken", false => "new", null => "" });
            arguments.Add(operation.Flags);
            arguments.Add(operation.State?.ToString() ?? "");
            arguments.Add(operation.OutboxIds);
            arguments.Add(Text(operation.Messages.Count));
            foreach (var message in operation.Messages)
            {
                arguments.Add(message.Body);
            }
        }

        return arguments;
    }

    /// <param name="reply">The parts of the answer.</param>
    public AppendReply Read(string[] reply)
    {
        switch (reply[0])
        {
            case "closed":
                return new AppendClosed();
            case "epoch":
                return new AppendOtherEpoch(reply[1]);
            case "needs":
                return new AppendNeeds(
                    [.. Numbers(reply[1]).Select(index => _channels[(int)index - 1])], [.. Numbers(reply[2]).Select(index => _operations[(int)index - 1])]);
            default:
                foreach (var (operation, offset) in _operations.Zip(Numbers(reply[1])))
                {
                    operation.Offset = offset;
                }

                return new AppendDone();
        }
    }

    /// <summary>Operations whose id only the store can judge once it has been asked where their channels stand.</summary>
    public IEnumerable<LogOperation> WithId(IReadOnlyDictionary<string, TaskLogHead> heads) => _operations.Where(operation =>
        operation.SourceId.Length > 0 && operation.IsStored is null && heads.TryGetValue(operation.Channel, out var head) && head.Offset > 0);

    private static IEnumerable<long> Numbers(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(number => long.Parse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

internal abstract record AppendReply;

/// <summary>Nobody has opened an epoch yet, or the one that was known had to end.</summary>
internal sealed record AppendClosed : AppendReply;

/// <summary>Redis has lost data, or this instance has just begun.</summary>
internal sealed record AppendOtherEpoch(string Epoch) : AppendReply;

/// <summary>The store has to be asked. Nothing was done.</summary>
internal sealed record AppendNeeds(IReadOnlyList<string> Heads, IReadOnlyList<LogOperation> Ids) : AppendReply;

/// <summary>It is done.</summary>
internal sealed record AppendDone : AppendReply;
