using System.IO.Pipelines;
using System.Text;
using FluentValidation;
using FsCheck;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.UnitTests.Application.Realtime.Log;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Application.Tasks.Commands;

public sealed class AppendTextTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    [Test]
    public async Task Whole_lines_enter_the_log_as_they_come()
    {
        await using var harness = await StartAsync();
        var pipe = new Pipe();
        var appending = AppendAsync(harness, pipe.Reader.AsStream());

        await WriteAsync(pipe, "one\ntwo\nthr");
        await harness.Publisher.UntilAsync(frames => frames.Count == 1);
        await WriteAsync(pipe, "ee\n");
        await pipe.Writer.CompleteAsync();

        Assert.That(await appending.InTime(), Is.EqualTo(new AppendReceipt(2, 0, 2)));
        Assert.That(harness.Stored(), Is.EqualTo(new[] { "one\ntwo\n", "three\n" }));
    }

    [Test]
    public async Task A_line_without_an_end_is_shown_after_a_moment()
    {
        await using var harness = await StartAsync();
        var pipe = new Pipe();
        var appending = AppendAsync(harness, pipe.Reader.AsStream());
        await WriteAsync(pipe, "Continue? [y/N] ");
        await harness.Time.WhenSomebodyWaitsAsync(Moment);
        Assert.That(harness.Publisher.Frames, Is.Empty);

        harness.Time.Advance(Moment);
        await harness.Publisher.UntilAsync(frames => frames.Count == 1);

        Assert.That(harness.Publisher.OutputOf(LogHarness.TaskId), Is.EqualTo(new[] { "Continue? [y/N] " }));
        await WriteAsync(pipe, "y\n");
        await pipe.Writer.CompleteAsync();
        await appending.InTime();
        Assert.That(harness.Stored(), Is.EqualTo(new[] { "Continue? [y/N] ", "y\n" }));
    }

    [Test]
    public async Task A_character_that_is_cut_is_not_shown_in_halves()
    {
        await using var harness = await StartAsync();
        var pipe = new Pipe();
        var appending = AppendAsync(harness, pipe.Reader.AsStream());
        var smile = Encoding.UTF8.GetBytes("a\U0001F600");
        await pipe.Writer.WriteAsync(smile.AsMemory(0, 3));
        await harness.Time.WhenSomebodyWaitsAsync(Moment);
        harness.Time.Advance(Moment);
        await harness.Publisher.UntilAsync(frames => frames.Count == 1);

        await pipe.Writer.WriteAsync(smile.AsMemory(3));
        await pipe.Writer.CompleteAsync();
        await appending.InTime();

        Assert.That(harness.Stored(), Is.EqualTo(new[] { "a", "\U0001F600" }));
    }

    [Test]
    public async Task A_character_that_never_ends_is_replaced()
    {
        await using var harness = await StartAsync();

        await AppendAsync(harness, new MemoryStream([(byte)'a', 0xF0, 0x9F])).InTime();

        Assert.That(string.Concat(harness.Stored()), Is.EqualTo("a\uFFFD"));
    }

    [Test]
    public async Task A_line_that_does_not_end_does_not_fill_the_memory()
    {
        await using var harness = await StartAsync();
        var text = new string('x', 1_000_000);

        var receipt = await AppendAsync(harness, new MemoryStream(Encoding.UTF8.GetBytes(text))).InTime();

        Assert.That(receipt.Accepted, Is.GreaterThan(10));
        Assert.That(string.Concat(harness.Stored()), Is.EqualTo(text));
    }

    [Test]
    public async Task What_a_producer_wrote_before_it_was_cut_off_is_kept()
    {
        await using var harness = await StartAsync();
        var pipe = new Pipe();
        var appending = AppendAsync(harness, pipe.Reader.AsStream());
        await WriteAsync(pipe, "last wor");
        await harness.Time.WhenSomebodyWaitsAsync(Moment);

        await pipe.Writer.CompleteAsync(new IOException("The connection was reset."));

        Assert.That(async () => await appending.InTime(), Throws.InstanceOf<IOException>());
        await harness.Publisher.UntilAsync(frames => frames.Count == 1);
        Assert.That(harness.Publisher.OutputOf(LogHarness.TaskId), Is.EqualTo(new[] { "last wor" }));
    }

    [Test]
    public async Task What_a_producer_wrote_before_it_gave_up_is_kept_even_where_the_log_has_no_room()
    {
        await using var harness = await StartAsync(new TaskLogOptions { MaxPendingBytes = 1 << 20 });
        harness.Store.HoldWrites();
        var pipe = new Pipe();
        using var aborted = new CancellationTokenSource();
        var appending = new AppendTextHandler(harness.Log, harness.Time)
            .Handle(new AppendTextCommand(LogHarness.TaskId, pipe.Reader.AsStream(), OutputKinds.Output), aborted.Token);
        await WriteAsync(pipe, "last wor");
        await harness.Time.WhenSomebodyWaitsAsync(Moment);
        var full = await harness.TakeAsync(LogHarness.Output(new string('x', 600_000)));

        await aborted.CancelAsync();
        harness.Store.LetWritesGo();

        Assert.That(async () => await appending.InTime(), Throws.InstanceOf<OperationCanceledException>());
        await full.InTime();
        await harness.Publisher.UntilAsync(frames => frames[^1].Message is TaskOutputMessage { Output: "last wor" });
    }

    [Test]
    public async Task Nothing_is_stored_of_an_empty_pipe()
    {
        await using var harness = await StartAsync();

        Assert.That((await AppendAsync(harness, new MemoryStream()).InTime()).Accepted, Is.Zero);
        Assert.That(harness.Stored(), Is.Empty);
    }

    [Test]
    public void Wherever_it_is_cut_the_output_joined_is_the_text_that_was_piped() => Prop.ForAll(
        Arb.From(
            from pieces in Gen.ListOf(Gen.Frequency(
                Tuple.Create(8, Gen.Elements("a", "é", "€", "\U0001F600", "\n", "line\n", "\0", "\uFFFD").Select(Encoding.UTF8.GetBytes)),
                Tuple.Create(1, Arb.Generate<byte[]>())))
            from cuts in Gen.NonEmptyListOf(Gen.Choose(1, 7))
            select new Piped([.. pieces.SelectMany(piece => piece)], [.. cuts])),
        piped =>
        {
            var harness = StartAsync().GetAwaiter().GetResult();
            AppendAsync(harness, new ChoppedStream(piped.Bytes, piped.Cuts)).InTime().GetAwaiter().GetResult();
            Assert.That(string.Concat(harness.Stored()), Is.EqualTo(LogText.Clean(Encoding.UTF8.GetString(piped.Bytes))));
            harness.DisposeAsync().AsTask().InTime().GetAwaiter().GetResult();
        }).QuickCheckThrowOnFailure();

    [TestCase("a/b", "output")]
    [TestCase("task-1", "shout")]
    [TestCase("task-1", "")]
    public async Task What_is_out_of_bounds_is_refused(string taskId, string kind)
    {
        await using var dashboard = await EmbeddedDashboard.StartAsync();

        Assert.That(() => dashboard.SendAsync(new AppendTextCommand(taskId, Stream.Null, kind)), Throws.InstanceOf<ValidationException>());
    }

    private static async Task<LogHarness> StartAsync(TaskLogOptions? options = null)
    {
        var harness = await LogHarness.StartAsync(options: options);
        harness.Register();
        return harness;
    }

    private static Task<AppendReceipt> AppendAsync(LogHarness harness, Stream text) => new AppendTextHandler(harness.Log, harness.Time)
        .Handle(new AppendTextCommand(LogHarness.TaskId, text, OutputKinds.Output), CancellationToken.None);

    private static async Task WriteAsync(Pipe pipe, string text) => await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(text));

    private sealed record Piped(byte[] Bytes, IReadOnlyList<int> Cuts)
    {
        public override string ToString() => $"{Convert.ToHexString(Bytes)} in pieces of {string.Join(", ", Cuts)}";
    }

    /// <summary>Gives bytes in pieces of these lengths, over and over.</summary>
    private sealed class ChoppedStream(byte[] bytes, IReadOnlyList<int> lengths) : MemoryStream(bytes)
    {
        private int _reads;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..lengths[_reads++ % lengths.Count]], cancellationToken);
    }
}
