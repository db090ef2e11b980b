import NIOCore
import RealtimeProtocol

/// Reads a batch as commands, as replies and as pushes. Whatever was read can be written, in both formats if its payloads are JSON, and is the same
/// when it is read again.
public func fuzzMessages(_ format: WireFormat, _ bytes: [UInt8]) {
    let batch = ByteBuffer(bytes: bytes)
    var commands = CommandReader(format, batch)
    while let command = try? commands.next() {
        rewrite(
            command, from: format, { Wire.fuzzWrite($0, $1) },
            {
                var reader = CommandReader($1, $0, limits: .server); return try reader.next()
            })
    }
    var replies = ReplyReader(format, batch)
    while let reply = try? replies.next() {
        rewrite(
            reply, from: format, { Wire.fuzzWrite($0, $1) },
            {
                var reader = ReplyReader($1, $0); return try reader.next()
            })
    }
    var pushes = PushReader(format, batch)
    while let push = try? pushes.next() {
        rewrite(
            push, from: format, { Wire.fuzzWrite($0, $1) },
            {
                var reader = PushReader($1, $0); return try reader.next()
            })
    }
    _ = try? Wire.emulationRequest(format, batch)
}

private func rewrite<Message: Hashable>(
    _ message: Message, from format: WireFormat, _ write: (Message, WireFormat) -> ByteBuffer?,
    _ read: (ByteBuffer, WireFormat) throws -> Message?
) {
    for target in [WireFormat.json, .protobuf] {
        guard let written = write(message, target) else {
            require(target == .json && format == .protobuf, "only a payload of Protobuf can be something else than JSON")
            continue
        }
        guard let again = try? read(written, target) else {
            require(false, "what we write can be read: \(String(buffer: written))")
            return
        }
        if target == format { require(again == message, "it is the same") }
    }
}

extension Wire {
    fileprivate static func fuzzWrite(_ command: Command, _ format: WireFormat) -> ByteBuffer? {
        var batch = ByteBuffer()
        return (try? write(command, as: format, to: &batch)).map { batch }
    }
    fileprivate static func fuzzWrite(_ reply: Reply, _ format: WireFormat) -> ByteBuffer? {
        var batch = ByteBuffer()
        return (try? write(reply, as: format, to: &batch)).map { batch }
    }
    fileprivate static func fuzzWrite(_ push: Push, _ format: WireFormat) -> ByteBuffer? {
        var batch = ByteBuffer()
        return (try? write(push, as: format, to: &batch)).map { batch }
    }
}
