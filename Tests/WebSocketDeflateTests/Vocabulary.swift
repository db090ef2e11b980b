// What the tests below speak in: bytes, and codecs with a budget of their own.

import NIOCore
import Testing
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketDeflate

extension DeflateCodec {
    /// The compressed form of a message, nil when it is to be sent plain.
    func compressed(_ payload: [UInt8]) -> [UInt8]? {
        var output = ByteBuffer()
        guard payload.withUnsafeBytes({ self.compress($0, into: &output) }) else {
            #expect(output.readableBytes == 0, "a message sent plain leaves nothing behind")
            return nil
        }
        return Array(output.readableBytesView)
    }

    func compressed(_ text: String) -> [UInt8]? {
        self.compressed(Array(text.utf8))
    }

    /// What a message that comes in such pieces inflates to.
    func inflated(_ pieces: [[UInt8]], limit: Int = 1 << 20) throws -> [UInt8] {
        var output = ByteBuffer()
        for (index, piece) in pieces.enumerated() {
            let isLast = index == pieces.count - 1
            try piece.withUnsafeBytes { try self.decompress($0, isLast: isLast, into: &output, limit: limit - output.readableBytes) }
        }
        return Array(output.readableBytesView)
    }

    func inflated(_ message: [UInt8], limit: Int = 1 << 20) throws -> [UInt8] {
        try self.inflated([message], limit: limit)
    }
}

extension DeflateConfiguration {
    /// Compresses messages of any length, on a budget that nobody else uses.
    static func test(
        _ parameters: DeflateParameters = .init(),
        level: Int = 6,
        memoryLevel: Int = 8,
        minimumSize: Int = 0,
        budget: DeflateBudget = DeflateBudget(bytes: 4 << 20)
    ) -> DeflateConfiguration {
        DeflateConfiguration(
            serverNoContextTakeover: parameters.serverNoContextTakeover,
            clientNoContextTakeover: parameters.clientNoContextTakeover,
            serverMaxWindowBits: parameters.serverMaxWindowBits,
            clientMaxWindowBits: parameters.clientMaxWindowBits,
            level: level,
            memoryLevel: memoryLevel,
            minimumSize: minimumSize,
            budget: budget
        )
    }
}

/// Both ends of a connection.
struct CodecPair {
    let server: DeflateCodec
    let client: DeflateCodec

    init(_ parameters: DeflateParameters = .init(), _ configuration: DeflateConfiguration? = nil) {
        let configuration = configuration ?? .test(parameters)
        self.server = DeflateCodec(role: .server, parameters: parameters, configuration: configuration)
        self.client = DeflateCodec(role: .client, parameters: parameters, configuration: configuration)
    }

    func sender(_ role: WebSocketRole) -> DeflateCodec { role == .server ? self.server : self.client }
    func receiver(of role: WebSocketRole) -> DeflateCodec { role == .server ? self.client : self.server }
}

extension SeededRandom {
    /// Bytes between "all the same" and "all different".
    mutating func bytes(upTo count: Int) -> [UInt8] {
        let mask = UInt8.max >> UInt8.random(in: 0...7, using: &self)
        return self.bytes(Int.random(in: 0...count, using: &self)).map { $0 & mask }
    }
}

let poem = """
    Tyger Tyger, burning bright, In the forests of the night; What immortal hand or eye, Could frame thy fearful symmetry? \
    In what distant deeps or skies. Burnt the fire of thine eyes? On what wings dare he aspire? What the hand, dare seize the fire?
    """
