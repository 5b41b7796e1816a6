using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Ports;
using MediatR;

namespace GrooteDashboard.Application.Tasks.Queries;

/// <summary>What a task asked its knowledge base, in figures, and every question and answer where there are any. A task that asked nothing has zeros.</summary>
public sealed record GetKnowledgeSummaryQuery(string TaskId) : IQuery<JsonStream>;

internal sealed class GetKnowledgeSummaryHandler(TaskRecords records) : IRequestHandler<GetKnowledgeSummaryQuery, JsonStream>
{
    /// <summary>Names of tools and kinds of sources, at most.</summary>
    private const int MaxNames = 100;

    public async Task<JsonStream> Handle(GetKnowledgeSummaryQuery query, CancellationToken cancellationToken)
    {
        var record = await records.FindAsync(query.TaskId, cancellationToken);
        var asked = record?.Has(TaskRecordPart.KnowledgeInteractions) is true ? record : null;
        return new JsonStream(asked?.Version ?? "none", WriteAsync(query.TaskId, asked, cancellationToken));
    }

    /// <summary>The list is read twice rather than held: it may be large.</summary>
    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> WriteAsync(
        string taskId, ITaskRecord? record, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var figures = new Figures();
        if (record is null)
        {
            yield return TaskRecordJson.Object(writer => figures.Write(writer, taskId, enabled: false));
            yield break;
        }

        await foreach (var item in record.ReadItemsAsync(TaskRecordPart.KnowledgeInteractions, cancellationToken))
        {
            figures.Add(item);
        }

        var summary = TaskRecordJson.Object(writer => figures.Write(writer, taskId, enabled: true));
        yield return summary[..^1];
        yield return Encoding.UTF8.GetBytes(",\"interactions\":");
        await foreach (var piece in GetTaskRecordHandler.ListAsync(record, TaskRecordPart.KnowledgeInteractions, cancellationToken))
        {
            yield return piece;
        }

        yield return "}"u8.ToArray();
    }

    private sealed class Figures
    {
        private readonly SortedSet<string> _tools = new(StringComparer.Ordinal);
        private readonly SortedSet<string> _sources = new(StringComparer.Ordinal);
        private long _queries;
        private long _answers;
        private long _cached;
        private double _results;
        private double _milliseconds;

        /// <summary>One interaction: its type names a query or a result, what belongs to it stands beside it or in <c>data</c>.</summary>
        public void Add(ReadOnlyMemory<byte> item)
        {
            using var document = JsonDocument.Parse(item);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return;
            }

            var root = document.RootElement;
            var data = root.TryGetProperty("data", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : root;
            var type = Text(root, "type") ?? Text(root, "event_type") ?? "";
            Name(_tools, Text(data, "tool_name") ?? Text(root, "tool_name"));
            if (type.Contains("query", StringComparison.Ordinal))
            {
                _queries++;
            }

            if (data.TryGetProperty("source_types", out var sources) && sources.ValueKind == JsonValueKind.Array)
            {
                foreach (var source in sources.EnumerateArray().Where(source => source.ValueKind == JsonValueKind.String))
                {
                    Name(_sources, source.GetString());
                }
            }

            if (type.Contains("result", StringComparison.Ordinal))
            {
                _answers++;
                _cached += data.TryGetProperty("cached", out var cached) && cached.ValueKind == JsonValueKind.True ? 1 : 0;
                _results += Number(data, "results_count");
                _milliseconds += Number(data, "query_time_ms");
            }
        }

        public void Write(Utf8JsonWriter writer, string taskId, bool enabled)
        {
            writer.WriteString("task_id", taskId);
            writer.WriteBoolean("knowledge_enabled", enabled);
            writer.WriteNumber("total_queries", _queries);
            writer.WriteNumber("total_results", (long)_results);
            Write(writer, "tools_used", _tools);
            Write(writer, "source_types_queried", _sources);
            writer.WriteNumber("total_query_time_ms", Math.Round(_milliseconds, 3));
            writer.WriteNumber("cache_hit_rate", _answers == 0 ? 0 : Math.Round(100.0 * _cached / _answers, 1));
        }

        private static void Write(Utf8JsonWriter writer, string name, SortedSet<string> names)
        {
            writer.WriteStartArray(name);
            foreach (var value in names)
            {
                writer.WriteStringValue(value);
            }

            writer.WriteEndArray();
        }

        private static void Name(SortedSet<string> names, string? name)
        {
            if (!string.IsNullOrEmpty(name) && names.Count < MaxNames)
            {
                names.Add(name);
            }
        }

        private static string? Text(JsonElement json, string name) =>
            json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

        /// <summary>Bounded, so that no file can make the sums overflow.</summary>
        private static double Number(JsonElement json, string name) =>
            json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
                ? Math.Clamp(number, 0, 1e9) : 0;
    }
}
