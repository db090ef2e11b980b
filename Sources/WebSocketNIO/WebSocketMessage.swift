import Foundation
public import NIOCore
public import WebSocketProtocol

/// A message: what one side sent with one `send` and the other gets whole.
public enum WebSocketMessage: Hashable, Sendable {
    case text(String)
    case binary(ByteBuffer)

    public var kind: MessageKind {
        switch self {
        case .text: .text
        case .binary: .binary
        }
    }

    /// The bytes of the message; of a text, its UTF-8.
    public var bytes: ByteBuffer {
        switch self {
        case .text(let text): ByteBuffer(string: text)
        case .binary(let bytes): bytes
        }
    }

    /// The message as JSON.
    ///
    /// - Throws: what `JSONDecoder` throws. The input is as deep and as long as the message limit lets it be.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes.readableBytesView))
    }
}

/// A part of a message that is taken as it arrives (``WebSocket/parts``). A part of a text may end inside a character.
public struct MessagePart: Hashable, Sendable {
    public let kind: MessageKind
    public let bytes: ByteBuffer
    /// Whether the message ends with this part.
    public let isFinal: Bool

    public init(kind: MessageKind, bytes: ByteBuffer, isFinal: Bool) {
        self.kind = kind
        self.bytes = bytes
        self.isFinal = isFinal
    }
}
