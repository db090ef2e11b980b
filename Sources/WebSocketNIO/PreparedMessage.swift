import Foundation
public import NIOCore
import Synchronization
import WebSocketDeflate
public import WebSocketProtocol

/// A message for many sockets: framed once, and compressed at most once, however many it is sent to.
///
/// ```swift
/// let message = PreparedMessage(text: "the market is open")
/// for socket in sockets { try await socket.sendPrepared(message) }
/// ```
public struct PreparedMessage: Sendable {
    let payload: ByteBuffer
    let kind: MessageKind
    /// The frame as a server sends it.
    let frame: ByteBuffer
    private let compressed: CompressedFrame

    public init(text: String) {
        self.init(ByteBuffer(string: text), .text)
    }

    public init(binary: ByteBuffer) {
        self.init(binary, .binary)
    }

    /// A message of either kind. With `compress` false it goes uncompressed to all (RFC 7692 §8).
    public init(_ payload: ByteBuffer, _ kind: MessageKind, compress: Bool = true) {
        self.payload = payload
        self.kind = kind
        var frame = ByteBuffer()
        frame.reserveCapacity(payload.readableBytes + 14)
        frame.writeFrameHeader(first: 0x80 | kind.rawValue, length: payload.readableBytes)
        frame.writeImmutableBuffer(payload)
        self.frame = frame
        self.compressed = CompressedFrame(isAllowed: compress)
    }

    /// A text of JSON.
    ///
    /// - Throws: what `JSONEncoder` throws.
    public init(json value: some Encodable) throws {
        self.init(ByteBuffer(bytes: try JSONEncoder().encode(value)), .text)
    }

    /// The compressed frame, made as the first socket that needs it is configured; nil if the message does not get smaller or must not be
    /// compressed.
    func compressedFrame(_ configuration: DeflateConfiguration) -> ByteBuffer? {
        compressed.frame(of: payload, kind: kind, configuration)
    }
}

/// Made once, by whoever comes first.
private final class CompressedFrame: Sendable {
    private enum State {
        case notMade
        case made(ByteBuffer?)
    }

    private let state: Mutex<State>

    init(isAllowed: Bool) {
        state = Mutex(isAllowed ? .notMade : .made(nil))
    }

    func frame(of payload: ByteBuffer, kind: MessageKind, _ configuration: DeflateConfiguration) -> ByteBuffer? {
        state.withLock { state in
            if case .made(let frame) = state { return frame }
            let frame = SharedDeflate.compress(payload, configuration: configuration).map { compressed in
                var frame = ByteBuffer()
                frame.writeFrameHeader(first: 0x80 | 0x40 | kind.rawValue, length: compressed.readableBytes)
                frame.writeImmutableBuffer(compressed)
                return frame
            }
            state = .made(frame)
            return frame
        }
    }
}
