import LiveViews
import NIOCore

/// A connection in memory.
///
/// `@unchecked Sendable`: what can change is only touched on the event loop.
final class MemoryTransport: LiveTransport, @unchecked Sendable {
    let eventLoop: any EventLoop
    let isBinary: Bool
    let bufferedBytes = 0
    private let received: @Sendable (ServerMessage) -> Void
    private let ended: @Sendable (LiveCloseCode, String) -> Void
    private var isClosed = false

    init(
        _ eventLoop: any EventLoop, isBinary: Bool, received: @escaping @Sendable (ServerMessage) -> Void,
        ended: @escaping @Sendable (LiveCloseCode, String) -> Void
    ) {
        self.eventLoop = eventLoop
        self.isBinary = isBinary
        self.received = received
        self.ended = ended
    }

    func send(_ message: [UInt8], isBinary: Bool) {
        // An empty message is none.
        if !isClosed, !message.isEmpty { received(ServerMessage(message, isBinary: isBinary)) }
    }

    func holdReads(_ isHeld: Bool) {}

    func close(_ code: LiveCloseCode, _ reason: String) {
        guard !isClosed else { return }
        isClosed = true
        ended(code, reason)
    }

    /// The browser is gone: nothing more comes to it.
    func cut() { isClosed = true }
}
