using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GrooteDashboard.Api.Realtime.Sockets;

/// <summary>
/// Writes to many sockets with one system call, by Linux's io_uring (https://kernel.dk/io_uring.pdf). What waits for nothing, as writes to sockets that do not
/// block, is done by the kernel within the call: it costs half of as many calls of <c>send</c>. For one thread at a time.
/// </summary>
internal sealed unsafe partial class SendRing : IDisposable
{
    /// <summary>Writes in one call.</summary>
    public const int Capacity = 256;

    /// <summary>Of a write; what is longer is cut off there, as a full socket does.</summary>
    public const int MaxWriteBytes = 64 << 10;

    private const int ArenaBytes = 16 * MaxWriteBytes;

    private readonly int _fd;
    private readonly byte* _rings;
    private readonly nuint _ringsLength;
    private readonly Submission* _submissions;
    private readonly nuint _submissionsLength;
    private readonly Completion* _completions;
    private readonly uint* _submissionTail;
    private readonly uint* _completionHead;
    private readonly uint* _completionTail;
    private readonly uint _submissionMask;
    private readonly uint _completionMask;

    // What is being sent, copied: an array would have to be pinned. Those who are sent the same share it.
    private readonly byte[] _arena = GC.AllocateUninitializedArray<byte>(ArenaBytes, pinned: true);
    private readonly SafeSocketHandle[] _sockets = new SafeSocketHandle[Capacity];
    private readonly int[] _results = new int[Capacity];
    private ReadOnlyMemory<byte> _last;
    private int _lastAt;
    private int _taken;
    private int _count;

    private SendRing(int fd, in Parameters parameters)
    {
        _fd = fd;
        _ringsLength = Math.Max(
            parameters.SubmissionArray + (parameters.SubmissionEntries * sizeof(uint)),
            parameters.Completions + (parameters.CompletionEntries * (uint)sizeof(Completion)));
        _submissionsLength = parameters.SubmissionEntries * (uint)sizeof(Submission);
        _rings = (byte*)Map(fd, _ringsLength, Native.RingsOffset);
        _submissions = (Submission*)Map(fd, _submissionsLength, Native.SubmissionsOffset);
        _submissionTail = (uint*)(_rings + parameters.SubmissionTail);
        _submissionMask = *(uint*)(_rings + parameters.SubmissionMask);
        _completionHead = (uint*)(_rings + parameters.CompletionHead);
        _completionTail = (uint*)(_rings + parameters.CompletionTail);
        _completionMask = *(uint*)(_rings + parameters.CompletionMask);
        _completions = (Completion*)(_rings + parameters.Completions);

        // Each place of the ring always has the submission of the same number.
        var order = (uint*)(_rings + parameters.SubmissionArray);
        for (var i = 0u; i < parameters.SubmissionEntries; i++)
        {
            order[i] = i;
        }
    }

    /// <summary>Whether the next <see cref="TryAdd"/> needs a <see cref="Send"/> before it.</summary>
    public bool IsFull => _count == Capacity || _taken > ArenaBytes - MaxWriteBytes;

    /// <summary>Where what is to be sent can be put together: bytes in it are not taken for those of the last write.</summary>
    public byte[] Scratch { get; } = GC.AllocateUninitializedArray<byte>(Outbox.MaxJoinedBytes);

    /// <summary>Null: the system has no io_uring, or does not allow it.</summary>
    public static SendRing? TryCreate()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture is not (Architecture.X64 or Architecture.Arm64))
        {
            return null;
        }

        var parameters = default(Parameters);
        var fd = (int)Native.Setup(Native.SetupNumber, Capacity, &parameters);
        if (fd < 0)
        {
            return null;
        }

        if ((parameters.Features & Native.NeededFeatures) == Native.NeededFeatures)
        {
            try
            {
                return new SendRing(fd, parameters);
            }
            catch (IOException)
            {
                // Too little memory may be locked. It goes without.
            }
        }

        _ = Native.Close(fd);
        return null;
    }

    /// <summary>Adds a write to a socket that does not block. False: the socket is closed.</summary>
    public bool TryAdd(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        var handle = socket.SafeHandle;
        var isHeld = false;
        try
        {
            // Its number could be another socket's by the time of the call.
            handle.DangerousAddRef(ref isHeld);
        }
        catch (ObjectDisposedException)
        {
            return false;
        }

        var length = Math.Min(bytes.Length, MaxWriteBytes);
        var place = *_submissionTail + (uint)_count;
        _submissions[place & _submissionMask] = new Submission
        {
            Operation = Native.Send,
            Socket = (int)handle.DangerousGetHandle(),
            Bytes = (ulong)Unsafe.AsPointer(ref _arena[Place(bytes[..length])]),
            Length = (uint)length,
            MessageFlags = Native.DoNotWait | Native.NoSignal,
            Number = (ulong)_count,
        };
        _sockets[_count++] = handle;
        return true;
    }

    /// <summary>
    /// Sends what was added. Returns for each write, in the order of <see cref="TryAdd"/>, how many of its bytes the socket has taken; 0: it is full; -1: it is gone.
    /// Throws <see cref="IOException"/> if the kernel refuses: nobody knows what was sent then, and the ring is of no more use.
    /// </summary>
    public ReadOnlySpan<int> Send()
    {
        var count = _count;
        Volatile.Write(ref *_submissionTail, *_submissionTail + (uint)count);
        try
        {
            var submitted = 0;
            for (var completed = 0; completed < count; completed += Reap())
            {
                // It does not wait: nothing that was submitted does.
                var result = (int)Native.Enter(Native.EnterNumber, _fd, (uint)(count - submitted), (uint)(count - completed), Native.GetEvents, 0, 0);
                if (result >= 0)
                {
                    submitted += result;
                }
                else if (Marshal.GetLastPInvokeError() is not Native.Interrupted and var error)
                {
                    throw new IOException($"io_uring_enter failed with error {error}.");
                }
            }
        }
        finally
        {
            Clear();
        }

        return _results.AsSpan(0, count);
    }

    public void Dispose()
    {
        Clear();
        _ = Native.Unmap(_submissions, _submissionsLength);
        _ = Native.Unmap(_rings, _ringsLength);
        _ = Native.Close(_fd);
    }

    private static void* Map(int fd, nuint length, long offset)
    {
        var address = Native.Map(null, length, Native.ReadAndWrite, Native.SharedAndPopulated, fd, offset);
        return (nint)address == -1 ? throw new IOException("The rings of io_uring could not be mapped.") : address;
    }

    /// <summary>Where these bytes are in the arena.</summary>
    private int Place(ReadOnlyMemory<byte> bytes)
    {
        if (!bytes.Equals(_last))
        {
            bytes.Span.CopyTo(_arena.AsSpan(_taken));
            _last = MemoryMarshal.TryGetArray(bytes, out var segment) && segment.Array != Scratch ? bytes : default;
            _lastAt = _taken;
            _taken += bytes.Length;
        }

        return _lastAt;
    }

    private int Reap()
    {
        var head = *_completionHead;
        var tail = Volatile.Read(ref *_completionTail);
        for (var place = head; place != tail; place++)
        {
            ref readonly var completion = ref _completions[place & _completionMask];
            _results[completion.Number] = completion.Result switch
            {
                >= 0 => completion.Result,
                -Native.Again or -Native.NoBuffers or -Native.Interrupted => 0,
                _ => -1,
            };
        }

        Volatile.Write(ref *_completionHead, tail);
        return (int)(tail - head);
    }

    private void Clear()
    {
        for (var i = 0; i < _count; i++)
        {
            _sockets[i].DangerousRelease();
        }

        Array.Clear(_sockets, 0, _count);
        (_count, _taken, _last) = (0, 0, default);
    }

    // struct io_uring_params, with what is needed of its io_sqring_offsets and io_cqring_offsets.
    [StructLayout(LayoutKind.Explicit, Size = 120)]
    private struct Parameters
    {
        [FieldOffset(0)]
        public uint SubmissionEntries;

        [FieldOffset(4)]
        public uint CompletionEntries;

        [FieldOffset(20)]
        public uint Features;

        [FieldOffset(44)]
        public uint SubmissionTail;

        [FieldOffset(48)]
        public uint SubmissionMask;

        [FieldOffset(64)]
        public uint SubmissionArray;

        [FieldOffset(80)]
        public uint CompletionHead;

        [FieldOffset(84)]
        public uint CompletionTail;

        [FieldOffset(88)]
        public uint CompletionMask;

        [FieldOffset(100)]
        public uint Completions;
    }

    // struct io_uring_sqe
    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct Submission
    {
        [FieldOffset(0)]
        public byte Operation;

        [FieldOffset(4)]
        public int Socket;

        [FieldOffset(16)]
        public ulong Bytes;

        [FieldOffset(24)]
        public uint Length;

        [FieldOffset(28)]
        public uint MessageFlags;

        [FieldOffset(32)]
        public ulong Number;
    }

    // struct io_uring_cqe
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Completion
    {
        public readonly ulong Number;
        public readonly int Result;
        private readonly uint _flags;
    }

    /// <summary>The system's calls and numbers, the same on x64 and arm64.</summary>
    private static partial class Native
    {
        public const long SetupNumber = 425;
        public const long EnterNumber = 426;

        // IORING_FEAT_SINGLE_MMAP, _NODROP and _FAST_POLL: Linux 5.7, which has IORING_OP_SEND, too.
        public const uint NeededFeatures = (1 << 0) | (1 << 1) | (1 << 5);
        public const long RingsOffset = 0;
        public const long SubmissionsOffset = 0x10000000;
        public const byte Send = 26;
        public const uint GetEvents = 1;
        public const uint DoNotWait = 0x40;
        public const uint NoSignal = 0x4000;
        public const int ReadAndWrite = 3;
        public const int SharedAndPopulated = 0x8001;
        public const int Interrupted = 4;
        public const int Again = 11;
        public const int NoBuffers = 105;

        [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
        public static partial long Setup(long number, uint entries, Parameters* parameters);

        [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
        public static partial long Enter(long number, long ring, ulong submit, ulong complete, ulong flags, nint signals, nuint length);

        [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
        public static partial void* Map(void* address, nuint length, int protection, int flags, int fd, long offset);

        [LibraryImport("libc", EntryPoint = "munmap")]
        public static partial int Unmap(void* address, nuint length);

        [LibraryImport("libc", EntryPoint = "close")]
        public static partial int Close(int fd);
    }
}
