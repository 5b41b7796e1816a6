using System.Text.Json;

namespace GrooteDashboard.Testing.Checking;

/// <summary>
/// What one client knows of one channel, kept as docs/protocol/websocket.md tells clients to keep it; what the server does otherwise is a
/// finding. Used by the client's receiving loop alone, and after it.
/// </summary>
internal sealed class ChannelRecord(string channel, string client, Findings findings)
{
    private const string HistoryLost = "history_lost";

    private readonly string _where = $"{client} {channel}";
    private readonly List<Arrival> _history = [];
    private readonly List<Arrival> _arrivals = [];
    private readonly List<Gap> _gaps = [];
    private readonly List<Notice> _notices = [];
    private readonly Dictionary<long, string> _contents = [];
    private (string Epoch, long Head, bool IsOtherEpoch)? _awaitsGap;
    private long _offset;

    public string Channel => channel;

    public string Where => _where;

    /// <summary>Null until the first <c>subscribed</c>.</summary>
    public string? Epoch { get; private set; }

    /// <summary>Everything up to here was received, or a gap told of it.</summary>
    public long Offset
    {
        get => Volatile.Read(ref _offset);
        private set => Volatile.Write(ref _offset, value);
    }

    /// <summary>The offset after which this client wants everything.</summary>
    public long Start { get; private set; }

    /// <summary>What came, in the order in which it came; of the present epoch.</summary>
    public IReadOnlyList<Arrival> Arrivals => _arrivals;

    /// <summary>What came, of all epochs: for the trace.</summary>
    public IReadOnlyList<Arrival> History => _history;

    /// <summary>Contents by offset: what came, and later what was fetched.</summary>
    public IReadOnlyDictionary<long, string> Contents => _contents;

    /// <summary>Ranges of the present epoch that did not come, as the server told.</summary>
    public IReadOnlyList<Gap> Gaps => _gaps;

    /// <summary>What the server told without a range: something was lost here.</summary>
    public IReadOnlyList<Notice> Notices => _notices;

    /// <summary>All gaps by reason, those of earlier epochs included.</summary>
    public Dictionary<string, int> GapReasons { get; } = [];

    public long Delivered => _history.Count;

    public int Recoveries { get; private set; }

    public int Restarts { get; private set; }

    /// <summary>Whether this connection is subscribed.</summary>
    public bool IsSubscribed { get; private set; }

    /// <summary>Takes a frame of this channel.</summary>
    public void Take(JsonElement frame)
    {
        switch (frame.Type())
        {
            case "subscribed":
                TakeSubscribed(
                    frame.Text("epoch") ?? "", frame.Offset(), frame.TryGetProperty("recovered", out var recovered) ? recovered.GetBoolean() : null);
                break;
            case "gap":
                TakeGap(
                    Number(frame, "from"), Number(frame, "to"), frame.Text("reason") ?? "", frame.Text("fill"));
                break;
            case "task_output":
                TakeMessage(frame.Offset(), Series.KeyOf(frame.Text("output") ?? ""));
                break;
            case "task_status":
                TakeMessage(frame.Offset(), $"status {frame.Text("status")}");
                break;
            default:
                findings.Add(FindingKind.Protocol, _where, $"unexpected frame: {frame.GetRawText()}");
                break;
        }
    }

    public void Disconnected()
    {
        IsSubscribed = false;
        _awaitsGap = null;
    }

    /// <summary>An entry that was fetched for a gap.</summary>
    public void Fill(long offset, string content)
    {
        if (!_contents.TryAdd(offset, content))
        {
            findings.Add(FindingKind.WrongGap, _where, $"offset {offset} ({_contents[offset]}) had been delivered, and a gap names it");
        }
    }

    private void TakeSubscribed(string epoch, long offset, bool? recovered)
    {
        // It may come again on the same connection: when the channel's history was lost meanwhile.
        IsSubscribed = true;
        switch (recovered)
        {
            case null when Epoch is null:
                (Epoch, Offset, Start) = (epoch, offset, offset);
                break;
            case null:
                findings.Add(FindingKind.Protocol, _where, "subscribed without recovered, though there was a since");
                break;
            case true:
                Recoveries++;
                if (epoch != Epoch || offset != Offset)
                {
                    findings.Add(FindingKind.Protocol, _where, $"recovered from {epoch}/{offset}, asked for {Epoch}/{Offset}");
                }

                break;
            case false:
                // Until the gap has told what is missing, this client stands where it stood.
                _awaitsGap = (epoch, offset, epoch != Epoch || offset < Offset);
                break;
        }
    }

    private void TakeGap(long? from, long? to, string reason, string? fill)
    {
        GapReasons[reason] = GapReasons.GetValueOrDefault(reason) + 1;
        if (reason == HistoryLost)
        {
            // No fault of this checker takes Redis' data away.
            findings.Add(
                FindingKind.Needless,
                _where,
                $"history_lost {from}..{to}, where this client stands at {Offset} of epoch {Epoch}; the server's epoch is {_awaitsGap?.Epoch ?? Epoch}");
        }

        if (_awaitsGap is { } awaited)
        {
            _awaitsGap = null;
            if (awaited.IsOtherEpoch)
            {
                StartAfresh(awaited.Epoch);
            }

            if ((from ?? Offset + 1, to ?? awaited.Head) != (Offset + 1, awaited.Head))
            {
                findings.Add(FindingKind.WrongGap, _where, $"{reason} {from}..{to}, missing are {Offset + 1}..{awaited.Head}");
            }

            AddGap(Offset + 1, awaited.Head, reason, fill);
        }
        else if (from is null || to is null)
        {
            _notices.Add(new Notice(findings.Now, _arrivals.Count, reason));
        }
        else
        {
            if (from != Offset + 1 || to < from)
            {
                findings.Add(FindingKind.WrongGap, _where, $"{reason} {from}..{to} after {Offset}");
            }

            AddGap(from.Value, to.Value, reason, fill);
        }
    }

    private void AddGap(long from, long to, string reason, string? fill)
    {
        if (to >= from)
        {
            _gaps.Add(new Gap(from, to, reason, fill));
            Offset = to;
        }
    }

    private void StartAfresh(string epoch)
    {
        Restarts++;
        (Epoch, Offset, Start) = (epoch, 0, 0);
        _arrivals.Clear();
        _contents.Clear();
        _gaps.Clear();
        _notices.Clear();
    }

    private void TakeMessage(long offset, string content)
    {
        _history.Add(new Arrival(findings.Now, offset, content));
        if (!IsSubscribed)
        {
            findings.Add(FindingKind.Protocol, _where, $"offset {offset} ({content}) before subscribed");
        }

        if (_awaitsGap is not null)
        {
            findings.Add(FindingKind.Protocol, _where, $"recovered: false, and offset {offset} ({content}) instead of the gap");
            _awaitsGap = null;
        }

        if (offset <= Offset)
        {
            var isKnown = _contents.TryGetValue(offset, out var known);
            findings.Add(
                !isKnown ? FindingKind.OutOfOrder : known == content ? FindingKind.Duplicate : FindingKind.Different,
                _where,
                $"offset {offset} ({content}) after {Offset}{(isKnown ? $", where {known} was" : "")}");
            return;
        }

        if (offset > Offset + 1)
        {
            findings.Add(FindingKind.Missing, _where, $"offsets {Offset + 1}..{offset - 1} were passed over in silence: {Last()} then {content}");
        }

        Offset = offset;
        _contents[offset] = content;
        _arrivals.Add(_history[^1]);
    }

    private string Last() => _arrivals.Count == 0 ? "nothing" : _arrivals[^1].Content;

    private static long? Number(JsonElement frame, string name) => frame.TryGetProperty(name, out var value) ? value.GetInt64() : null;
}

internal readonly record struct Arrival(TimeSpan At, long Offset, string Content);

/// <param name="From">The first offset that is missing.</param>
/// <param name="To">The last one.</param>
/// <param name="Reason">The server's word for it.</param>
/// <param name="Fill">Where to fetch the range.</param>
internal sealed record Gap(long From, long To, string Reason, string? Fill);

/// <param name="At">When it came.</param>
/// <param name="After">How many messages of the channel had come before it.</param>
/// <param name="Reason">The server's word for it.</param>
internal sealed record Notice(TimeSpan At, int After, string Reason);
