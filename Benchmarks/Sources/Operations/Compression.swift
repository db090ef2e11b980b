import NIOCore
import WebSocketDeflate
import WebSocketProtocol

private let json = #"{"symbol":"ACME","bid":101.25,"ask":101.5,"volume":18200,"venue":"north"},"#

private func message(_ count: Int) -> ByteBuffer {
    ByteBuffer(string: String(String(repeating: json, count: count / json.utf8.count + 1).prefix(count)))
}

private func codec(takeover: Bool) -> DeflateCodec {
    DeflateCodec(
        role: .server,
        parameters: DeflateParameters(
            serverNoContextTakeover: !takeover, clientNoContextTakeover: !takeover, serverMaxWindowBits: 12, clientMaxWindowBits: 12),
        configuration: DeflateConfiguration()
    )
}

private func compress(_ name: String, _ size: Int, takeover: Bool) -> Operation {
    Operation(name) {
        let codec = codec(takeover: takeover)
        let payload = message(size)
        return { count in
            var output = ByteBuffer()
            for _ in 0..<count {
                output.clear()
                use(payload.withUnsafeReadableBytes { codec.compress($0, into: &output) })
            }
        }
    }
}

private func inflate(_ name: String, _ size: Int) -> Operation {
    Operation(name) {
        let codec = codec(takeover: false)
        let compressed = SharedDeflate.compress(message(size)) ?? ByteBuffer()
        return { count in
            var output = ByteBuffer()
            for _ in 0..<count {
                output.clear()
                compressed.withUnsafeReadableBytes { try? codec.decompress($0, isLast: true, into: &output, limit: 1 << 20) }
            }
        }
    }
}

let deflate: [Operation] = [
    compress("deflate: 1 KiB of JSON", 1 << 10, takeover: false),
    compress("deflate: 1 KiB of JSON, context kept", 1 << 10, takeover: true),
    compress("deflate: 16 KiB of JSON", 16 << 10, takeover: false),
    inflate("inflate: 1 KiB of JSON", 1 << 10),
    inflate("inflate: 16 KiB of JSON", 16 << 10),
    Operation("deflate: 1 KiB of JSON, for all of a broadcast") {
        let payload = message(1 << 10)
        return { count in
            for _ in 0..<count { use(SharedDeflate.compress(payload)) }
        }
    },
]
