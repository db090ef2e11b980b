// zlib by itself, without what is tested.

import CZlib
import NIOCore

enum Zlib {
    struct Failure: Error {}

    /// - Parameter windowBits: 31 gzip, 15 zlib.
    static func compressed(_ text: String, windowBits: CInt) throws -> ByteBuffer {
        var stream = z_stream()
        guard czlib_deflate_init(&stream, 6, windowBits, 8) == Z_OK else { throw Failure() }
        defer { deflateEnd(&stream) }
        return try run(&stream, Array(text.utf8)) { deflate($0, Z_FINISH) }
    }

    static func inflated(_ buffer: ByteBuffer, windowBits: CInt) throws -> String {
        var stream = z_stream()
        guard czlib_inflate_init(&stream, windowBits) == Z_OK else { throw Failure() }
        defer { inflateEnd(&stream) }
        return String(buffer: try run(&stream, Array(buffer.readableBytesView)) { inflate($0, Z_SYNC_FLUSH) })
    }

    private static func run(_ stream: inout z_stream, _ bytes: [UInt8], _ step: (z_streamp) -> CInt) throws -> ByteBuffer {
        var result = ByteBuffer()
        try bytes.withUnsafeBufferPointer { input in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            var space = [UInt8](repeating: 0, count: 65_536)
            var status = Z_OK
            repeat {
                let written = space.withUnsafeMutableBufferPointer { output -> Int in
                    stream.next_out = output.baseAddress
                    stream.avail_out = UInt32(output.count)
                    status = step(&stream)
                    return output.count - Int(stream.avail_out)
                }
                result.writeBytes(space[..<written])
                guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else { throw Failure() }
            } while status == Z_OK && stream.avail_out == 0
        }
        return result
    }
}
