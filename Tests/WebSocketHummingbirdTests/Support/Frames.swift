// Frames as a client sends and a server answers them (RFC 6455 §5.2), written down by hand: these tests are to see the bytes.

import NIOCore

enum Frame {
    /// A masked frame of a client.
    static func masked(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) -> [UInt8] {
        let key: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]
        var bytes = [(isFinal ? 0x80 : 0) | opcode]
        switch payload.count {
        case ..<126: bytes.append(0x80 | UInt8(payload.count))
        case ..<65_536: bytes += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
        default: bytes += [0x80 | 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        bytes += key
        bytes += payload.enumerated().map { $0.element ^ key[$0.offset % 4] }
        return bytes
    }

    static func text(_ text: String) -> [UInt8] { masked(1, Array(text.utf8)) }

    static func close(_ code: UInt16) -> [UInt8] { masked(8, [UInt8(code >> 8), UInt8(code & 0xff)]) }

    /// What a server sends for a short text.
    static func unmaskedText(_ text: String) -> [UInt8] { [0x81, UInt8(text.utf8.count)] + Array(text.utf8) }
}

struct ReceivedFrame: Equatable {
    var opcode: UInt8
    var payload: [UInt8]

    var text: String { String(decoding: payload, as: UTF8.self) }
    var closeCode: UInt16? { opcode == 8 && payload.count >= 2 ? UInt16(payload[0]) << 8 | UInt16(payload[1]) : nil }
}

extension RawClient {
    /// The next frame of the server, of up to 65,535 bytes, that is not a Ping.
    func frame(within limit: TimeAmount = .seconds(10)) async throws -> ReceivedFrame {
        while true {
            let frame = try await anyFrame(within: limit)
            if frame.opcode != 9 { return frame }
        }
    }

    private func anyFrame(within limit: TimeAmount) async throws -> ReceivedFrame {
        let bytes = try await take(within: limit) { bytes, isEnd in
            if isEnd, bytes.isEmpty { return 0 }
            guard bytes.count >= 2 else { return nil }
            let length = bytes[1] == 126 && bytes.count >= 4 ? 4 + Int(bytes[2]) << 8 + Int(bytes[3]) : 2 + Int(bytes[1])
            return bytes.count >= length ? length : nil
        }
        guard bytes.count >= 2 else { throw ChannelError.eof }
        return ReceivedFrame(opcode: bytes[0] & 0xf, payload: Array(bytes.dropFirst(bytes[1] == 126 ? 4 : 2)))
    }
}

/// A right request for an upgrade, to be changed.
struct Handshake {
    var method = "GET"
    var path = "/echo"
    var version = "HTTP/1.1"
    var fields: [(name: String, value: String)] = [
        ("Host", "localhost"),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", "13"),
    ]

    init(_ path: String = "/echo") {
        self.path = path
    }

    /// The same with another value, or without the field.
    func with(_ name: String, _ value: String?) -> Handshake {
        var copy = self
        copy.fields.removeAll { $0.name == name }
        if let value { copy.fields.append((name, value)) }
        return copy
    }

    func adding(_ name: String, _ value: String) -> Handshake {
        var copy = self
        copy.fields.append((name, value))
        return copy
    }

    var text: String {
        "\(method) \(path) \(version)\r\n" + fields.map { "\($0.name): \($0.value)\r\n" }.joined() + "\r\n"
    }
}

extension RawClient {
    /// Opens a socket; the answer is checked for nothing.
    static func upgraded(port: Int, _ handshake: Handshake = Handshake()) async throws -> RawClient {
        let client = try await RawClient.connect(port: port)
        try await client.send(handshake.text)
        let response = try await client.response()
        guard response.status == 101 else { throw Timeout(received: response.head) }
        return client
    }
}
