import NIOCore
import WebSocketProtocol

/// A frame as the role's peer sends it.
private func frame(_ kind: MessageKind, _ payload: [UInt8], fin: Bool = true, opcode: UInt8? = nil, to role: WebSocketRole) -> ByteBuffer {
    let mask: UInt8 = role == .server ? 0x80 : 0
    var bytes = ByteBuffer(bytes: [(fin ? 0x80 : 0) | (opcode ?? kind.rawValue)])
    switch payload.count {
    case ..<126:
        bytes.writeInteger(mask | UInt8(payload.count))
    case ..<65_536:
        bytes.writeInteger(mask | 126)
        bytes.writeInteger(UInt16(payload.count))
    default:
        bytes.writeInteger(mask | 127)
        bytes.writeInteger(UInt64(payload.count))
    }
    let key: [UInt8] = role == .server ? [0x37, 0xfa, 0x21, 0x3d] : [0, 0, 0, 0]
    if role == .server { bytes.writeBytes(key) }
    bytes.writeBytes(payload.enumerated().map { $1 ^ key[$0 % 4] })
    return bytes
}

private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 * 31 & 0x7f) } }

/// Receives what is there in one read, and takes the events.
private func decode(_ name: String, role: WebSocketRole = .server, _ input: @escaping @Sendable () -> ByteBuffer) -> Operation {
    Operation(name) {
        let limits = WebSocketLimits(maxMessageSize: 16 << 20, controlFramesPerSecond: .max, controlFrameBurst: .max)
        let settings = WebSocketMachineSettings(limits: limits)
        let read = input()
        return { count in
            var machine = WebSocketMachine(role: role, settings: settings)
            var batch = EventBatch()
            var output = ByteBuffer()
            for _ in 0..<count {
                machine.receive(read, into: &batch)
                while let event = machine.nextEvent(from: &batch, output: &output) { use(event) }
                output.clear()
            }
        }
    }
}

let decoding: [Operation] = [
    decode("decode: a text of 64 B") { frame(.text, bytes(64), to: .server) },
    decode("decode: 16 texts of 64 B in one read") {
        var read = ByteBuffer()
        for _ in 0..<16 { read.writeImmutableBuffer(frame(.text, bytes(64), to: .server)) }
        return read
    },
    decode("decode: a text of 64 B, as a client", role: .client) { frame(.text, bytes(64), to: .client) },
    decode("decode and unmask: 16 KiB") { frame(.binary, bytes(16 << 10), to: .server) },
    decode("decode and unmask: 1 MiB") { frame(.binary, bytes(1 << 20), to: .server) },
    decode("decode: a message in 8 fragments of 64 B") {
        var read = frame(.binary, bytes(64), fin: false, to: .server)
        for index in 1...7 { read.writeImmutableBuffer(frame(.binary, bytes(64), fin: index == 7, opcode: 0, to: .server)) }
        return read
    },
    decode("decode and answer: a ping") { frame(.binary, bytes(8), opcode: 9, to: .server) },
]

private func encode(_ name: String, role: WebSocketRole, _ size: Int) -> Operation {
    Operation(name) {
        let payload = ByteBuffer(bytes: bytes(size))
        return { count in
            var machine = WebSocketMachine(role: role)
            var output = ByteBuffer()
            for _ in 0..<count {
                output.clear(minimumCapacity: size + 64)
                machine.send(payload, .binary, into: &output)
            }
        }
    }
}

let encoding: [Operation] = [
    encode("encode: 64 B, as a server", role: .server, 64),
    encode("encode: 16 KiB, as a server", role: .server, 16 << 10),
    encode("encode and mask: 64 B, as a client", role: .client, 64),
    encode("encode and mask: 16 KiB, as a client", role: .client, 16 << 10),
]

private func validate(_ name: String, _ unit: String) -> Operation {
    Operation(name) {
        let text = ByteBuffer(string: String(repeating: unit, count: (16 << 10) / unit.utf8.count))
        return { count in
            for _ in 0..<count { use(text.withUnsafeReadableBytes { UTF8Validator.isValid($0) }) }
        }
    }
}

let text: [Operation] = [
    validate("UTF-8: 16 KiB of ASCII", "a"),
    validate("UTF-8: 16 KiB of Greek", "λ"),
    validate("UTF-8: 16 KiB of Chinese", "語"),
    validate("UTF-8: 16 KiB of mixed text", "Grüße, κόσμε! 🌍 and more plain words. "),
]
