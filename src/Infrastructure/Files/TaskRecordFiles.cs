using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Common;

namespace GrooteDashboard.Infrastructure.Files;

/// <summary>
/// The folders of a task logger: <c>{base}/{task_id}</c>, or the folder that the link <c>{base}/.by-id/{task_id}</c> names. No link is followed: only the
/// name at its end counts, and it is looked up in the base. So nothing outside of the base is ever read, and the base may be mounted elsewhere.
/// </summary>
internal sealed class TaskRecordFiles(string baseFolder) : ITaskRecordFiles
{
    private const string LinksFolder = ".by-id";

    /// <summary>A list's item, and a part that is one object: larger ones are left out.</summary>
    private const int MaxJsonBytes = 16 * 1024 * 1024;

    private const int FirstBufferBytes = 64 * 1024;

    public Task<ITaskRecord?> FindAsync(string taskId, CancellationToken cancellationToken) =>
        // A file system on the network may take its time.
        Task.Run<ITaskRecord?>(() => Find(taskId), cancellationToken);

    internal static string FileName(TaskRecordPart part) => part switch
    {
        TaskRecordPart.Metadata => "metadata.json",
        TaskRecordPart.Input => "01-input.json",
        TaskRecordPart.UserInputs => "02-user-inputs.jsonl",
        TaskRecordPart.WebhookFlow => "03-webhook-flow.jsonl",
        TaskRecordPart.AgentOutput => "04-agent-output.jsonl",
        TaskRecordPart.KnowledgeInteractions => "05-knowledge-interactions.jsonl",
        TaskRecordPart.FinalResult => "06-final-result.json",
        _ => throw new ArgumentOutOfRangeException(nameof(part)),
    };

    private Folder? Find(string taskId)
    {
        if (!Identifier.IsValid(taskId) || taskId[0] == '.')
        {
            return null;
        }

        try
        {
            return (FindFolder(taskId) ?? FindFolder(Path.Combine(LinksFolder, taskId))) is { } folder ? new Folder(folder) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not to be read just now: as if it were not there.
            return null;
        }
    }

    private DirectoryInfo? FindFolder(string name)
    {
        var folder = new DirectoryInfo(Path.Combine(baseFolder, name));
        if (folder.LinkTarget is { } target)
        {
            var end = Path.GetFileName(target.TrimEnd('/'));
            if (end.Length == 0 || end[0] == '.')
            {
                return null;
            }

            folder = new DirectoryInfo(Path.Combine(baseFolder, end));
        }

        return folder.Exists && folder.LinkTarget is null ? folder : null;
    }

    private sealed class Folder : ITaskRecord
    {
        private readonly Dictionary<TaskRecordPart, FileInfo> _files = [];

        public Folder(DirectoryInfo folder)
        {
            foreach (var part in TaskRecordParts.All)
            {
                var file = new FileInfo(Path.Combine(folder.FullName, FileName(part)));
                if (file.Exists && file.LinkTarget is null)
                {
                    _files.Add(part, file);
                }
            }

            Version = string.Join(' ', _files.Select(file => string.Create(
                CultureInfo.InvariantCulture, $"{(int)file.Key}:{file.Value.Length}:{file.Value.LastWriteTimeUtc.Ticks}")));
        }

        public string Version { get; }

        public bool Has(TaskRecordPart part) => _files.ContainsKey(part);

        public async Task<ReadOnlyMemory<byte>?> ReadObjectAsync(TaskRecordPart part, CancellationToken cancellationToken)
        {
            if (Open(part) is not { } file)
            {
                return null;
            }

            await using (file)
            {
                if (file.Length > MaxJsonBytes)
                {
                    return null;
                }

                var json = new byte[file.Length];
                var read = await file.ReadAtLeastAsync(json, json.Length, throwOnEndOfStream: false, cancellationToken);
                // Spelt out: a bare null would become empty memory.
                return IsJson(json.AsSpan(0, read)) ? json.AsMemory(0, read) : default(ReadOnlyMemory<byte>?);
            }
        }

        public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadItemsAsync(
            TaskRecordPart part, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            if (Open(part) is not { } file)
            {
                yield break;
            }

            await using (file)
            {
                await foreach (var line in ReadLinesAsync(file, cancellationToken))
                {
                    // The last line may be written just now, and a line that was torn once stays so.
                    if (IsJson(line.Span))
                    {
                        yield return line;
                    }
                }
            }
        }

        /// <summary>Lines up to where the file ended when it was opened; those over the bound are left out.</summary>
        private static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadLinesAsync(
            FileStream file, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var rest = file.Length;
            var buffer = ArrayPool<byte>.Shared.Rent(FirstBufferBytes);
            try
            {
                var (length, skipping) = (0, false);
                while (true)
                {
                    var start = 0;
                    for (int end; (end = buffer.AsSpan(start, length - start).IndexOf((byte)'\n')) >= 0; start += end + 1)
                    {
                        if (!skipping)
                        {
                            yield return buffer.AsMemory(start, end);
                        }

                        skipping = false;
                    }

                    length -= start;
                    buffer.AsSpan(start, length).CopyTo(buffer);
                    if (length >= MaxJsonBytes)
                    {
                        (length, skipping) = (0, true);
                    }
                    else if (length == buffer.Length)
                    {
                        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                        buffer.CopyTo(larger, 0);
                        ArrayPool<byte>.Shared.Return(buffer);
                        buffer = larger;
                    }

                    var read = await file.ReadAsync(buffer.AsMemory(length, (int)Math.Min(rest, buffer.Length - length)), cancellationToken);
                    if (read == 0)
                    {
                        break;
                    }

                    (length, rest) = (length + read, rest - read);
                }

                if (length > 0 && !skipping)
                {
                    yield return buffer.AsMemory(0, length);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        private static bool IsJson(ReadOnlySpan<byte> text)
        {
            var reader = new Utf8JsonReader(text);
            try
            {
                var any = false;
                while (reader.Read())
                {
                    any = true;
                }

                return any;
            }
            catch (JsonException)
            {
                return false;
            }
        }

        /// <summary>Null where the file has gone meanwhile.</summary>
        private FileStream? Open(TaskRecordPart part)
        {
            try
            {
                return _files.TryGetValue(part, out var file)
                    ? new FileStream(file.FullName, new FileStreamOptions
                    {
                        Mode = FileMode.Open,
                        Access = FileAccess.Read,
                        Share = FileShare.ReadWrite | FileShare.Delete,
                        // The lines' buffer is enough.
                        BufferSize = 0,
                        Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
                    })
                    : null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }
}
