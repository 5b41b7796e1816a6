using System.Net;
using System.Text;

namespace GrooteDashboard.IntegrationTests.Tasks;

[TestFixture]
internal sealed class AppendOutputTests : ServerFixture
{
    [Test]
    public async Task Chunks_are_stored_when_the_answer_comes_and_ids_are_taken_once()
    {
        var id = NewTaskId();
        var first = await PostAsync($"/api/tasks/{id}/output", new
        {
            chunks = new object[]
            {
                new { output = "one\n", id = "c1" },
                new { output = "think", kind = "thinking" },
                new { output = "one\n", id = "c1" },
            },
        });
        var second = await PostAsync($"/api/tasks/{id}/output", new { chunks = new[] { new { output = "one\n", id = "c1" }, new { output = "two\n", id = "c2" } } });

        Assert.Multiple(async () =>
        {
            Assert.That(first.GetProperty("accepted").GetInt32(), Is.EqualTo(2));
            Assert.That(first.GetProperty("duplicates").GetInt32(), Is.EqualTo(1));
            Assert.That(second.GetProperty("duplicates").GetInt32(), Is.EqualTo(1));
            Assert.That(await ReadOutputAsync(id), Is.EqualTo(new[] { "one\n", "two\n" }));
            Assert.That(await ReadOutputAsync(id, "thinking"), Is.EqualTo(new[] { "think" }));
        });
    }

    [Test]
    public async Task A_pipe_of_a_hundred_thousand_lines_and_its_follower_are_the_same()
    {
        var id = NewTaskId("pipe");
        var lines = string.Concat(Enumerable.Range(1, 100_000).Select(i => $"{i}\n"));
        var following = Http.GetStringAsync($"/api/tasks/{id}/output.txt?follow=1");

        // As curl -T - does: PUT, chunked, no content type.
        using var response = await Http.PutAsync($"/api/tasks/{id}/output?finish=completed", new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(lines))));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await following == lines, Is.True, "the follower read the same text");
        Assert.That(await Http.GetStringAsync($"/api/tasks/{id}/output.txt") == lines, Is.True, "the stored text is the same");
        Assert.That(await StatusOfAsync(id), Is.EqualTo("completed"));
    }

    [Test]
    public async Task A_line_of_a_pipe_is_readable_while_the_pipe_is_open()
    {
        var id = NewTaskId("pipe");
        using var source = new PipedContent();
        var sending = Http.PutAsync($"/api/tasks/{id}/output", source);
        await source.WriteAsync("a prompt without an end of line> ");

        await Testing.Probe.Until(
            async () => (await Http.GetAsync($"/api/tasks/{id}/logs")).IsSuccessStatusCode && (await ReadOutputAsync(id)).Length > 0, "the prompt is there");
        await source.WriteAsync("answer\n");
        source.End();

        Assert.That((await sending).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(string.Concat(await ReadOutputAsync(id)), Is.EqualTo("a prompt without an end of line> answer\n"));
    }

    [Test]
    public async Task Invalid_UTF8_and_NUL_become_replacement_characters()
    {
        var id = NewTaskId();
        using var response = await Http.PutAsync($"/api/tasks/{id}/output", new ByteArrayContent([(byte)'a', 0, 0xFF, 0xC3, 0xA4, (byte)'b', (byte)'\n']));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(string.Concat(await ReadOutputAsync(id)), Is.EqualTo("a\uFFFD\uFFFDäb\n"));
    }

    [Test]
    public async Task A_message_of_twenty_megabytes_is_refused_and_the_log_says_so()
    {
        var id = NewTaskId();
        var problem = await PostAsync(
            $"/api/tasks/{id}/output", new { chunks = new[] { new { output = new string('x', 20_000_000) } } }, HttpStatusCode.RequestEntityTooLarge);

        Assert.That(problem.GetProperty("detail").GetString(), Does.Contain("20000000"));
        Assert.That(await ReadOutputAsync(id, "system"), Has.Length.EqualTo(1).And.All.Contains("refused"));
        Assert.That(await ReadOutputAsync(id), Is.Empty);
    }

    [Test]
    public async Task A_chunk_over_256_KB_is_split_and_joins_to_the_same_text()
    {
        var id = NewTaskId();
        var text = string.Concat(Enumerable.Range(0, 60_000).Select(i => $"line {i} ä\n"));
        await PostAsync($"/api/tasks/{id}/output", new { chunks = new[] { new { output = text, id = "big" } } });
        await PostAsync($"/api/tasks/{id}/output", new { chunks = new[] { new { output = text, id = "big" } } });

        var pieces = await ReadOutputAsync(id);

        Assert.That(pieces, Has.Length.GreaterThan(1));
        Assert.That(pieces.Select(Encoding.UTF8.GetByteCount), Is.All.AtMost(256 * 1024));
        Assert.That(string.Concat(pieces) == text, Is.True);
    }

    [TestCase("""{"chunks":[]}""", HttpStatusCode.UnprocessableEntity)]
    [TestCase("""{}""", HttpStatusCode.UnprocessableEntity)]
    [TestCase("""{"chunks":[{"output":"x","kind":"shout"}]}""", HttpStatusCode.UnprocessableEntity)]
    [TestCase("""{"chunks":[{"output":5}]}""", HttpStatusCode.UnprocessableEntity)]
    [TestCase("""{"chunks":[{"kind":"output"}]}""", HttpStatusCode.UnprocessableEntity)]
    [TestCase("""{"chunks":[{"output":"x","data":"text"}]}""", HttpStatusCode.UnprocessableEntity)]
    [TestCase("""{"chunks":""", HttpStatusCode.BadRequest)]
    public async Task Bad_chunks_are_refused_and_nothing_is_created(string body, HttpStatusCode expected)
    {
        var id = NewTaskId();
        using var response = await Http.PostAsync($"/api/tasks/{id}/output", Json(body));

        Assert.That(response.StatusCode, Is.EqualTo(expected), await response.Content.ReadAsStringAsync());
        Assert.That((await Http.GetAsync($"/api/tasks/{id}")).StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [TestCase("a%2Fb")]
    [TestCase("with%20space")]
    public async Task Output_for_an_impossible_id_is_refused(string id)
    {
        using var response = await Http.PutAsync($"/api/tasks/{id}/output", new StringContent("x"));

        Assert.That((int)response.StatusCode, Is.EqualTo(422), await response.Content.ReadAsStringAsync());
    }

    [Test]
    public async Task Ids_with_colons_and_hashes_work()
    {
        var id = $"github:repo#{Guid.NewGuid():N}";
        await PostAsync($"/api/tasks/{Uri.EscapeDataString(id)}/output", new { chunks = new[] { new { output = "x" } } });

        Assert.That((await GetAsync($"/api/tasks/{Uri.EscapeDataString(id)}")).GetProperty("task_id").GetString(), Is.EqualTo(id));
    }

    /// <summary>A request body that is written while the request is under way.</summary>
    private sealed class PipedContent : HttpContent
    {
        private readonly TaskCompletionSource<Stream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task WriteAsync(string text)
        {
            var stream = await _stream.Task;
            await stream.WriteAsync(Encoding.UTF8.GetBytes(text));
            await stream.FlushAsync();
        }

        public void End() => _ended.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            _stream.SetResult(stream);
            await _ended.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
