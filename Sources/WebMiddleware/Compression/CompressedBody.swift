import HTTPTypes
import Hummingbird
import NIOCore

enum CompressedBody {
    /// Compresses a short body at once. Returns false if it became no smaller: it is then as it was.
    static func compress(_ response: inout Response, _ length: Int, _ compressor: Compressor) async throws -> Bool {
        let kept = KeptBody()
        try await response.body.write(kept)
        var output = ByteBuffer()
        try compressor.compress(kept.content.buffer, .end, into: &output)
        let isSmaller = output.readableBytes < kept.content.buffer.readableBytes
        let content = isSmaller ? output : kept.content.buffer
        if let trailers = kept.content.trailers {
            response.body = ResponseBody(contentLength: content.readableBytes) { writer in
                try await writer.write(content)
                try await writer.finish(trailers)
            }
        } else {
            response.body = ResponseBody(byteBuffer: content)
        }
        return isSmaller
    }

    /// Compresses a body while it is written.
    static func compressStream(_ response: inout Response, _ compressor: Compressor) {
        let body = response.body
        let isOpenEnded = body.contentLength == nil
        response.body = ResponseBody { writer in
            try await body.write(CompressingWriter(parent: writer, compressor: compressor, flushes: isOpenEnded))
        }
        response.headers[.contentLength] = nil
    }
}

/// Keeps a body that is written to it.
private struct KeptBody: ResponseBodyWriter {
    final class Content {
        var buffer = ByteBuffer()
        var trailers: HTTPFields?
    }

    let content = Content()

    mutating func write(_ buffer: ByteBuffer) async throws {
        content.buffer.writeImmutableBuffer(buffer)
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        content.trailers = trailingHeaders
    }
}

/// Writes what comes of compressing.
private struct CompressingWriter: ResponseBodyWriter {
    /// Other requests have their turn between two pieces.
    static let longestPiece = 65_536

    var parent: any ResponseBodyWriter
    let compressor: Compressor
    let flushes: Bool

    mutating func write(_ buffer: ByteBuffer) async throws {
        var rest = buffer
        while rest.readableBytes > 0, let piece = rest.readSlice(length: min(rest.readableBytes, Self.longestPiece)) {
            let isLast = rest.readableBytes == 0
            var output = ByteBuffer()
            try compressor.compress(piece, flushes && isLast ? .piece : .no, into: &output)
            if output.readableBytes > 0 { try await parent.write(output) }
            if !isLast { await Task.yield() }
        }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        var output = ByteBuffer()
        try compressor.compress(ByteBuffer(), .end, into: &output)
        if output.readableBytes > 0 { try await parent.write(output) }
        try await parent.finish(trailingHeaders)
    }
}
