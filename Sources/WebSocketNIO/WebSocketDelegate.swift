public import NIOCore
public import WebSocketProtocol

/// Gets a socket's events on its event loop, at once and without a task: for hubs, and for those who count nanoseconds.
///
/// Every call is made on ``WebSocketConnection/eventLoop``. Do not block: other sockets wait. What is sent in a call leaves in one
/// write after it, together with what the other messages of the same read caused.
///
/// ```swift
/// final class Echo: WebSocketDelegate {
///     func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
///         socket.send(payload, kind)
///     }
/// }
/// ```
public protocol WebSocketDelegate: AnyObject {
    /// The socket is open; sends are allowed from here on.
    func opened(_ socket: WebSocketConnection)

    /// A whole message. Text is valid UTF-8. The payload may share memory with other messages: copy a small one that you keep for long.
    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection)

    /// A part of a message, if ``WebSocketConfiguration/deliversParts`` is set.
    func receivedPart(_ part: MessagePart, on socket: WebSocketConnection)

    /// The answer to a Ping, ours or the application's.
    func receivedPong(_ payload: ByteBuffer, on socket: WebSocketConnection)

    /// What was sent has left us: ``WebSocketConnection/bufferedBytes`` is 0 again after the peer was slow.
    func drained(_ socket: WebSocketConnection)

    /// The server goes down, and this socket is about to be closed with ``WebSocketConfiguration/shutdownCode``. What is sent here still leaves
    /// before that; who closes it here decides the code.
    func leaving(_ socket: WebSocketConnection)

    /// The socket is closed; the last call.
    func closed(_ socket: WebSocketConnection, _ reason: CloseReason)
}

extension WebSocketDelegate {
    public func opened(_ socket: WebSocketConnection) {}
    public func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {}
    public func receivedPart(_ part: MessagePart, on socket: WebSocketConnection) {}
    public func receivedPong(_ payload: ByteBuffer, on socket: WebSocketConnection) {}
    public func drained(_ socket: WebSocketConnection) {}
    public func leaving(_ socket: WebSocketConnection) {}
    public func closed(_ socket: WebSocketConnection, _ reason: CloseReason) {}
}
