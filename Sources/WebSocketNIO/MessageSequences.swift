import NIOCore
import WebSocketProtocol

extension WebSocket {
    /// The messages of a socket, in order. Ends after a close handshake, whatever its code (see ``WebSocket/closeReason``).
    ///
    /// One task at a time reads. While nobody reads, at most ``WebSocketConfiguration/inboundBuffer`` bytes are kept and then the peer
    /// is slowed down.
    public struct Messages: AsyncSequence, Sendable {
        public typealias Element = WebSocketMessage
        let socket: WebSocket

        public struct AsyncIterator: AsyncIteratorProtocol {
            let socket: WebSocket

            /// The next message, or nil after a close handshake or when the task is cancelled.
            ///
            /// - Throws: ``WebSocketError/lost(_:)``, ``WebSocketError/violation(_:)``, ``WebSocketError/alreadyReading``,
            ///   ``WebSocketError/readByDelegate``.
            public mutating func next() async throws -> WebSocketMessage? {
                switch try await socket.nextItem() {
                case .message(let message): return message
                case .part(let part): return try await socket.gather(from: part)
                case nil: return nil
                }
            }
        }

        public func makeAsyncIterator() -> AsyncIterator {
            AsyncIterator(socket: socket)
        }
    }

    /// The parts of a socket's messages as they arrive, for messages that are too long to hold; with
    /// ``WebSocketConfiguration/deliversParts``. Without it every message is one part.
    public struct Parts: AsyncSequence, Sendable {
        public typealias Element = MessagePart
        let socket: WebSocket

        public struct AsyncIterator: AsyncIteratorProtocol {
            let socket: WebSocket

            /// The next part, or nil after a close handshake or when the task is cancelled. Throws as ``WebSocket/Messages`` does.
            public mutating func next() async throws -> MessagePart? {
                switch try await socket.nextItem() {
                case .message(let message): MessagePart(kind: message.kind, bytes: message.bytes, isFinal: true)
                case .part(let part): part
                case nil: nil
                }
            }
        }

        public func makeAsyncIterator() -> AsyncIterator {
            AsyncIterator(socket: socket)
        }
    }

    fileprivate func nextItem() async throws -> MessageInbox.Item? {
        guard let inbox else { throw WebSocketError.readByDelegate }
        if let item = inbox.nextIfAvailable() { return item }
        return try await inbox.next()
    }

    /// The whole of a message that comes in parts. Over the message limit the socket is closed with 1009.
    fileprivate func gather(from first: MessagePart) async throws -> WebSocketMessage? {
        var whole = first.bytes
        var part = first
        while !part.isFinal {
            guard case .part(let next) = try await nextItem() else { return nil }
            part = next
            whole.writeImmutableBuffer(part.bytes)
            guard whole.readableBytes <= maxMessageSize else {
                await close(code: .messageTooBig, reason: "a message of over \(maxMessageSize) bytes")
                return nil
            }
        }
        return first.kind == .text ? .text(String(buffer: whole)) : .binary(whole)
    }
}
