import CZlib
package import NIOCore

/// Inflates one body, up to a limit.
///
/// Not `Sendable`: it belongs to whoever reads the body.
package final class Decompressor {
    package enum Failure: Error, Hashable {
        case corrupt
        case tooLong
        case outOfMemory
    }

    private let coding: ContentCoding
    private var room: Int
    private var isAtEnd = false
    private var hasBegun = false
    // On the heap because zlib keeps a pointer to it. Allocated in `init`, freed in `deinit`, and nobody else has it.
    private let stream: UnsafeMutablePointer<z_stream>

    /// - Parameter limit: so many bytes at most come out.
    package init(_ coding: ContentCoding, limit: Int) throws(Failure) {
        self.coding = coding
        room = max(0, limit)
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard czlib_inflate_init(stream, coding.windowBits) == Z_OK else { throw .outOfMemory }
    }

    deinit {
        // After an `init` that failed there is no state, which zlib sees.
        inflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// Appends what comes of the input.
    package func inflate(_ input: ByteBuffer, into output: inout ByteBuffer) throws(Failure) {
        var failure: Failure?
        input.withUnsafeReadableBytes { input in
            // Valid for as long as this closure runs, after which zlib has no pointer to it any more.
            stream.pointee.next_in = input.bindMemory(to: UInt8.self).baseAddress
            stream.pointee.avail_in = UInt32(clamping: input.count)
            do throws(Failure) { try run(into: &output) } catch { failure = error }
            stream.pointee.next_in = nil
            stream.pointee.avail_in = 0
        }
        if let failure { throw failure }
    }

    /// There is no more input.
    package func finish() throws(Failure) {
        // No bytes at all are a body that is empty.
        guard isAtEnd || !hasBegun else { throw .corrupt }
    }

    private func run(into output: inout ByteBuffer) throws(Failure) {
        while stream.pointee.avail_in > 0 {
            hasBegun = true
            if isAtEnd {
                // RFC 1952 §2.2: members follow each other. Nothing may follow a zlib stream.
                guard coding == .gzip, inflateReset(stream) == Z_OK else { throw .corrupt }
                isAtEnd = false
            }
            try step(into: &output)
        }
    }

    /// Runs zlib until it wants more input, or a stream ends.
    private func step(into output: inout ByteBuffer) throws(Failure) {
        var isFull = true
        while isFull, !isAtEnd {
            var status = Z_OK
            let written = output.writeWithUnsafeMutableBytes(minimumWritableBytes: 16_384) { space in
                // One byte more than there is room for: so the limit itself is allowed.
                let limit = min(space.count, min(room, 1 << 20) + 1)
                stream.pointee.next_out = space.bindMemory(to: UInt8.self).baseAddress
                stream.pointee.avail_out = UInt32(clamping: limit)
                status = CZlib.inflate(stream, Z_NO_FLUSH)
                let written = limit - Int(stream.pointee.avail_out)
                isFull = stream.pointee.avail_out == 0
                stream.pointee.next_out = nil
                stream.pointee.avail_out = 0
                return written
            }
            guard written <= room else { throw .tooLong }
            room -= written
            switch status {
            case Z_STREAM_END: isAtEnd = true
            // Z_BUF_ERROR: it wants more input.
            case Z_OK, Z_BUF_ERROR: break
            case Z_MEM_ERROR: throw .outOfMemory
            default: throw .corrupt
            }
        }
    }
}
