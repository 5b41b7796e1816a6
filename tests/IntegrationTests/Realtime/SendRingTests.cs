using System.Net;
using System.Net.Sockets;
using FsCheck;
using GrooteDashboard.Api.Realtime.Sockets;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>Where the system allows io_uring. Elsewhere nothing uses it.</summary>
internal sealed class SendRingTests
{
    private SendRing _ring = null!;

    [SetUp]
    public void CreateRing()
    {
        var ring = SendRing.TryCreate();
        Assume.That(ring, Is.Not.Null, "io_uring is not available here");
        _ring = ring!;
    }

    [TearDown]
    public void DisposeOfRing() => _ring?.Dispose();

    /// <summary>Each step is a write: of bytes that several share, or of some put together for one, or of too many for a write; the last are cut off.</summary>
    [Test]
    public async Task Everybody_gets_the_bytes_that_were_added_for_them_in_order()
    {
        const int Clients = 5;
        var pairs = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Pair.ConnectAsync()));
        Prop.ForAll<NonEmptyArray<byte>>(steps =>
        {
            var expected = Enumerable.Range(0, Clients).Select(_ => new List<byte>()).ToArray();
            var added = new List<(int Client, byte[] Bytes)>();
            byte[] shared = [];
            foreach (var step in steps.Get.Concat(steps.Get))
            {
                var client = step % Clients;
                if (step % 3 == 0)
                {
                    shared = [.. Enumerable.Repeat(step, 1 + (step * 20))];
                }

                ReadOnlyMemory<byte> bytes = step switch
                {
                    > 250 => new byte[SendRing.MaxWriteBytes + step],
                    _ when step % 2 == 0 && shared.Length > 0 => shared,
                    _ => Joined(step),
                };
                Assert.That(_ring.TryAdd(pairs[client].Server, bytes), Is.True);
                added.Add((client, bytes.ToArray()));
                if (_ring.IsFull)
                {
                    Send();
                }
            }

            Send();
            for (var client = 0; client < Clients; client++)
            {
                Assert.That(pairs[client].Read(expected[client].Count), Is.EqualTo(expected[client]));
            }

            void Send()
            {
                var taken = _ring.Send();
                Assert.That(taken.Length, Is.EqualTo(added.Count));
                for (var i = 0; i < taken.Length; i++)
                {
                    Assert.That(taken[i], Is.InRange(0, Math.Min(added[i].Bytes.Length, SendRing.MaxWriteBytes)));
                    expected[added[i].Client].AddRange(added[i].Bytes.AsSpan(0, taken[i]));
                }

                added.Clear();
            }
        }).QuickCheckThrowOnFailure();
        Array.ForEach(pairs, pair => pair.Dispose());

        ReadOnlyMemory<byte> Joined(byte step)
        {
            _ring.Scratch.AsSpan(0, 100).Fill(step);
            return _ring.Scratch.AsMemory(0, 100);
        }
    }

    [Test]
    public async Task A_full_socket_takes_no_more_and_holds_up_nobody()
    {
        using var full = await Pair.ConnectAsync();
        using var other = await Pair.ConnectAsync();
        var chunk = new byte[SendRing.MaxWriteBytes];
        var total = 0;
        var taken = 1;
        while (taken > 0)
        {
            _ring.TryAdd(full.Server, chunk);
            _ring.TryAdd(other.Server, "."u8.ToArray());
            var results = _ring.Send();
            Assert.That(results[1], Is.EqualTo(1));
            total += taken = results[0];
        }

        Assert.That(full.Read(total), Has.Count.EqualTo(total));
    }

    [Test]
    public async Task Who_is_gone_is_told_from_the_others()
    {
        using var left = await Pair.ConnectAsync();
        using var closed = await Pair.ConnectAsync();
        using var staying = await Pair.ConnectAsync();
        left.Reset();
        closed.Server.Dispose();
        await Probe.Until(() => left.Server.Poll(0, SelectMode.SelectError) || left.Server.Poll(0, SelectMode.SelectRead));

        Assert.That(_ring.TryAdd(closed.Server, "a"u8.ToArray()), Is.False);
        Assert.That(_ring.TryAdd(left.Server, "b"u8.ToArray()), Is.True);
        Assert.That(_ring.TryAdd(staying.Server, "c"u8.ToArray()), Is.True);
        Assert.That(_ring.Send().ToArray(), Is.EqualTo((int[])[-1, 1]));
        Assert.That(staying.Read(1), Is.EqualTo("c"u8.ToArray()));
    }

    [Test]
    public async Task A_socket_that_is_closed_meanwhile_gives_its_number_to_nobody_before_the_write()
    {
        using var closing = await Pair.ConnectAsync();
        Assert.That(_ring.TryAdd(closing.Server, "a"u8.ToArray()), Is.True);
        var close = Task.Run(closing.Server.Dispose);
        await Probe.Until(() => IsDisposed(closing.Server));
        using var next = await Pair.ConnectAsync();

        Assert.That(close.IsCompleted, Is.False, "it waits for the write");
        Assert.That(_ring.Send().Length, Is.EqualTo(1));
        await close.WaitAsync(Probe.Deadline);

        static bool IsDisposed(Socket socket)
        {
            try
            {
                return socket.Available < 0;
            }
            catch (ObjectDisposedException)
            {
                return true;
            }
        }
    }

    /// <summary>Both ends of a connection; the server's does not block.</summary>
    private sealed record Pair(Socket Server, Socket Client) : IDisposable
    {
        public static async Task<Pair> ConnectAsync()
        {
            using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen();
            var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = (int)Probe.Deadline.TotalMilliseconds };
            await client.ConnectAsync(listener.LocalEndPoint!);
            var server = await listener.AcceptAsync();
            server.Blocking = false;
            return new Pair(server, client);
        }

        public List<byte> Read(int count)
        {
            var bytes = new byte[count];
            for (var read = 0; read < count;)
            {
                read += Client.Receive(bytes.AsSpan(read));
            }

            return [.. bytes];
        }

        public void Reset()
        {
            Client.LingerState = new LingerOption(true, 0);
            Client.Dispose();
        }

        public void Dispose()
        {
            Server.Dispose();
            Client.Dispose();
        }
    }
}
