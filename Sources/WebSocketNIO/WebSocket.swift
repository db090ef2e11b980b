// Strategy: what any task does with a socket is put into an outbox under a lock, and the first to find it empty wakes the event loop,
// which then takes all there is: many sends cost one hop. A sender is held only while the socket has too much to send already.

import Foundation
public import NIOCore
import Synchronization
public import WebSocketProtocol

/// A WebSocket, for any task.
///
/// ```swift
/// for try await message in socket.messages {
///     try await socket.send(message)
/// }
/// ```
///
/// Any number of tasks may send at once; messages leave in the order of the calls. One task at a time reads ``messages`` or ``parts``:
/// if nobody reads, the peer is slowed down, and its pings and Close frame are not seen either. Nothing has to be done for pings,
/// keepalive or the answer to a Close frame.
public final class WebSocket: Sendable {
    /// A number that no other socket of this process has.
    public let id: UInt64
    /// The subprotocol that was agreed on (RFC 6455 §1.9).
    public let subprotocol: String?
    /// Whether permessage-deflate was agreed on (RFC 7692).
    public let isCompressed: Bool
    /// The peer's address, as far as the transport knows it.
    public let remoteAddress: SocketAddress?
    /// The loop of the socket, for ``withConnection(_:)``.
    public let eventLoop: any EventLoop

    let connection: NIOLoopBound<WebSocketConnection>
    let loop: LoopContext
    let inbox: MessageInbox?
    let maxMessageSize: Int
    let outbox: Outbox

    init(connection: WebSocketConnection, inbox: MessageInbox?) {
        self.id = connection.id
        self.subprotocol = connection.subprotocol
        self.isCompressed = connection.isCompressed
        self.remoteAddress = connection.remoteAddress
        self.eventLoop = connection.eventLoop
        self.connection = NIOLoopBound(connection, eventLoop: connection.eventLoop)
        self.loop = connection.loop
        self.inbox = inbox
        self.maxMessageSize = connection.settings.configuration.limits.maxMessageSize
        self.outbox = Outbox(
            loop: connection.loop, highWater: max(1, connection.settings.configuration.maxBufferedBytes / 4),
            closing: connection.machine.state.reason, closeReason: connection.isOver ? connection.machine.state.reason : nil)
    }

    // MARK: Reading

    /// The messages that the peer sends.
    public var messages: Messages { Messages(socket: self) }

    /// The messages that the peer sends, in parts as they arrive.
    public var parts: Parts { Parts(socket: self) }

    // MARK: Sending

    /// Sends a text. Returns when the socket has taken it, which it does at once unless it has too much to send already
    /// (a quarter of ``WebSocketConfiguration/maxBufferedBytes``): then when there is room again.
    ///
    /// - Throws: ``WebSocketError/closed(_:)``; `CancellationError` if the task is cancelled while it waits: then the message is not sent.
    public func send(_ text: String) async throws {
        try await enqueue(.message(ByteBuffer(string: text), .text, compress: true))
    }

    /// Sends bytes; see ``send(_:)-(String)``.
    public func send(_ bytes: ByteBuffer) async throws {
        try await enqueue(.message(bytes, .binary, compress: true))
    }

    /// Sends a message; see ``send(_:)-(String)``.
    public func send(_ message: WebSocketMessage) async throws {
        try await enqueue(.message(message.bytes, message.kind, compress: true))
    }

    /// Sends a message uncompressed, whatever was negotiated: for a secret that must not be compressed together with an attacker's
    /// text (RFC 7692 §8), or for bytes that don't shrink.
    public func sendUncompressed(_ message: WebSocketMessage) async throws {
        try await enqueue(.message(message.bytes, message.kind, compress: false))
    }

    /// Sends a value as a text of JSON.
    ///
    /// - Throws: what `JSONEncoder` throws, and what ``send(_:)-(String)`` does.
    public func send(json value: some Encodable) async throws {
        try await enqueue(.message(ByteBuffer(bytes: try JSONEncoder().encode(value)), .text, compress: true))
    }

    /// Sends a message that was framed once for many sockets.
    public func sendPrepared(_ message: PreparedMessage) async throws {
        try await enqueue(.prepared(message))
    }

    /// Sends one message in parts (RFC 6455 §5.4), uncompressed, for what is too long to hold or not all known yet. Other messages
    /// wait until it is over; pings don't.
    ///
    /// ```swift
    /// try await socket.sendStream(.binary) { writer in
    ///     for try await chunk in file { try await writer.write(chunk) }
    /// }
    /// ```
    ///
    /// - Throws: what `body` throws, after closing the socket with 1011 if a part was sent: a message can't be taken back.
    public func sendStream(_ kind: MessageKind, _ body: (MessageWriter) async throws -> Void) async throws {
        let stream = try await outbox.beginStream()
        defer { outbox.endStream { wake() } }
        do {
            try await body(MessageWriter(socket: self, kind: kind, stream: stream))
            try await enqueue(.fragment(ByteBuffer(), kind, isFinal: true), stream: stream)
        } catch {
            if outbox.streamHasBegun { await close(code: .internalError, reason: "a message could not be finished") }
            throw error
        }
    }

    /// Sends a Ping and waits for its answer. Returns the time between.
    ///
    /// - Throws: ``WebSocketError/closed(_:)`` if the socket closes before.
    public func ping() async throws -> Duration {
        let clock = ContinuousClock()
        let start = clock.now
        let payload = UInt64.random(in: .min ... .max)
        try await outbox.awaitPong(payload) {
            if outbox.putControl(.ping(ByteBuffer(integer: payload))) { wake() }
        }
        return clock.now - start
    }

    // MARK: Closing

    /// Closes the socket: sends a Close frame and waits for the peer's, at most `WebSocketLimits.closeTimeout`.
    /// Does nothing if the socket is closed, and only waits if it is closing.
    ///
    /// What was sent before still goes out, for as long as the peer takes it. Messages that the peer sends meanwhile are kept for the
    /// reader as far as ``WebSocketConfiguration/inboundBuffer`` allows.
    ///
    /// - Parameters:
    ///   - code: 1000–1003, 1007–1014 or 3000–4999; another sends a Close frame without a code.
    ///   - reason: for logs; cut to 123 bytes.
    public func close(code: CloseCode = .normalClosure, reason: String = "") async {
        startClosing(code: code, reason: reason)
        await waitForClose()
    }

    /// Sends a Close frame and does not wait for the peer's.
    public func startClosing(code: CloseCode = .normalClosure, reason: String = "") {
        outbox.putClose(code, reason) { wake() }
    }

    /// How the socket ended; nil while it has not.
    public var closeReason: CloseReason? { outbox.closeReason }

    public var isClosed: Bool { closeReason != nil }

    /// The bytes that wait to be sent, as far as it is known outside of the event loop.
    public var bufferedBytes: Int { outbox.bufferedBytes }

    /// Waits until the socket is closed. Not ended by cancellation: a socket always closes.
    @discardableResult
    public func waitForClose() async -> CloseReason {
        await outbox.waitForClose()
    }

    // MARK: The event loop

    /// Runs a closure with the socket's ``WebSocketConnection`` on its event loop.
    public func withConnection(_ body: @escaping @Sendable (WebSocketConnection) -> Void) {
        let connection = connection
        loop.posts.add(1, ordering: .relaxed)
        eventLoop.execute { body(connection.value) }
    }

    /// As ``withConnection(_:)``, but at once if this is the loop.
    func onLoop(_ body: @escaping @Sendable (WebSocketConnection) -> Void) {
        if eventLoop.inEventLoop { body(connection.value) } else { withConnection(body) }
    }

    fileprivate func enqueue(_ item: Outbox.Item, stream: UInt64? = nil) async throws {
        try await outbox.send(item, stream: stream, isOnLoop: eventLoop.inEventLoop) { action in
            switch action {
            case .nothing: break
            case .wake: wake()
            case .perform(let item): perform([item])
            }
        }
    }

    private func wake() {
        if eventLoop.inEventLoop { return perform(outbox.take()) }
        loop.wakes.add(1, ordering: .relaxed)
        eventLoop.execute { self.perform(self.outbox.take()) }
    }

    private func perform(_ items: [Outbox.Item]) {
        let connection = connection.value
        connection.perform(items)
        if connection.isInReadEvent {
            // It is sent when the read is over.
            loop.atEndOfTurn { self.settle(buffered: connection.unsentBytes) }
        } else {
            connection.flush()
            settle(buffered: connection.unsentBytes)
        }
    }

    // Called by the connection, on its loop.

    /// So many bytes wait for the peer. Senders that waited for that go on.
    func settle(buffered: Int) {
        if outbox.settle(buffered: buffered) { eventLoop.execute { self.perform(self.outbox.take()) } }
    }

    func closing(_ reason: CloseReason) {
        outbox.closing(reason)
    }

    func receivedPong(_ payload: ByteBuffer) {
        guard payload.readableBytes == 8, let number = payload.getInteger(at: payload.readerIndex, as: UInt64.self) else { return }
        outbox.receivedPong(number)
    }

    func closed(_ reason: CloseReason) {
        outbox.close(reason)
    }
}

extension WebSocketConnection {
    /// What waits for the peer; what waits for the end of a message in parts does not.
    var unsentBytes: Int { bufferedBytes - deferredBytes }

    /// The outbox has its own bound: what it lets through is not dropped for want of room.
    fileprivate func perform(_ items: [Outbox.Item]) {
        isTakingFromOutbox = true
        for item in items { perform(item) }
        isTakingFromOutbox = false
    }

    private func perform(_ item: Outbox.Item) {
        switch item {
        case .message(let payload, let kind, let compress): send(payload, kind, compress: compress)
        case .prepared(let message): sendPrepared(message)
        case .fragment(let payload, let kind, let isFinal): sendFragment(payload, kind, isFinal: isFinal)
        case .ping(let payload): ping(payload)
        case .close(let code, let reason): close(code: code, reason: reason)
        }
    }
}

/// Writes the parts of one message (``WebSocket/sendStream(_:_:)``).
public struct MessageWriter: Sendable {
    let socket: WebSocket
    let kind: MessageKind
    let stream: UInt64

    /// Sends the next part. Waits as ``WebSocket/send(_:)-(String)`` does, and throws what that does; after the message's end
    /// ``WebSocketError/messageIsOver``.
    public func write(_ bytes: ByteBuffer) async throws {
        try await socket.enqueue(.fragment(bytes, kind, isFinal: false), stream: stream)
    }
}
