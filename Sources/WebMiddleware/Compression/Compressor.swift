import CZlib
import NIOCore
import Synchronization

/// How many bodies are compressed at the same time: each takes 268 KiB (zlib's window and tables).
final class CompressionSlots: Sendable {
    private let free: Atomic<Int>

    init(_ count: Int) { free = Atomic(count) }

    func take() -> Bool {
        if free.subtract(1, ordering: .relaxed).newValue >= 0 { return true }
        free.add(1, ordering: .relaxed)
        return false
    }

    func giveBack() { free.add(1, ordering: .relaxed) }
}

/// Compresses one body.
///
/// `@unchecked Sendable`: it is made where the answer is, handed to the closure that writes its body, and used by that alone.
final class Compressor: @unchecked Sendable {
    enum Flush {
        case no
        /// All that was given can be read by the client (RFC 7692 calls it a sync flush).
        case piece
        case end

        fileprivate var value: CInt {
            switch self {
            case .no: Z_NO_FLUSH
            case .piece: Z_SYNC_FLUSH
            case .end: Z_FINISH
            }
        }
    }

    /// zlib has no memory left, or met a state that it does not know.
    struct Failure: Error {}

    private let slots: CompressionSlots
    // On the heap because zlib keeps a pointer to it. Allocated in `init`, freed in `deinit`, and nobody else has it.
    private let stream: UnsafeMutablePointer<z_stream>

    /// Nil if there is no slot or no memory left: the body is sent as it is.
    init?(_ coding: ContentCoding, level: Int, slots: CompressionSlots) {
        guard slots.take() else { return nil }
        self.slots = slots
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard czlib_deflate_init(stream, CInt(clamping: min(max(level, 1), 9)), coding.windowBits, 8) == Z_OK else { return nil }
    }

    deinit {
        // After an `init` that failed there is no state, which zlib sees.
        deflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
        slots.giveBack()
    }

    /// Appends what comes of the input.
    func compress(_ input: ByteBuffer, _ flush: Flush, into output: inout ByteBuffer) throws(Failure) {
        let isSound = input.withUnsafeReadableBytes { input -> Bool in
            // Valid for as long as this closure runs, after which zlib has no pointer to it any more.
            stream.pointee.next_in = input.bindMemory(to: UInt8.self).baseAddress
            stream.pointee.avail_in = UInt32(clamping: input.count)
            defer {
                stream.pointee.next_in = nil
                stream.pointee.avail_in = 0
            }
            var isFull = true
            while isFull {
                var status = Z_OK
                output.writeWithUnsafeMutableBytes(minimumWritableBytes: 4_096) { space in
                    let room = min(space.count, 1 << 20)
                    stream.pointee.next_out = space.bindMemory(to: UInt8.self).baseAddress
                    stream.pointee.avail_out = UInt32(clamping: room)
                    status = deflate(stream, flush.value)
                    let written = room - Int(stream.pointee.avail_out)
                    isFull = stream.pointee.avail_out == 0
                    stream.pointee.next_out = nil
                    stream.pointee.avail_out = 0
                    return written
                }
                // Z_BUF_ERROR: there was nothing left to do.
                guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else { return false }
            }
            return stream.pointee.avail_in == 0
        }
        guard isSound else { throw Failure() }
    }
}
