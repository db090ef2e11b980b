import NIOCore
import WebSocketNIO
import WebSocketProtocol

/// Writes down what it is told, and does what the test wants done about it.
class RecordingDelegate: WebSocketDelegate {
    enum Event: Equatable {
        case opened
        case text(String)
        case binary([UInt8])
        case part(String, isFinal: Bool)
        case pong(String)
        case drained
        case closed(CloseReason)
    }

    private(set) var events: [Event] = []
    var onEvent: ((Event, WebSocketConnection) -> Void)?

    init(onEvent: ((Event, WebSocketConnection) -> Void)? = nil) {
        self.onEvent = onEvent
    }

    /// The events since the last call, without `opened`.
    func takeEvents() -> [Event] {
        defer { events = [] }
        return events.filter { $0 != .opened }
    }

    var closeReason: CloseReason? {
        for case .closed(let reason) in events { return reason }
        return nil
    }

    private func note(_ event: Event, _ socket: WebSocketConnection) {
        events.append(event)
        onEvent?(event, socket)
    }

    func opened(_ socket: WebSocketConnection) { note(.opened, socket) }

    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
        note(kind == .text ? .text(String(buffer: payload)) : .binary(Array(payload.readableBytesView)), socket)
    }

    func receivedPart(_ part: MessagePart, on socket: WebSocketConnection) {
        note(.part(String(buffer: part.bytes), isFinal: part.isFinal), socket)
    }

    func receivedPong(_ payload: ByteBuffer, on socket: WebSocketConnection) { note(.pong(String(buffer: payload)), socket) }
    func drained(_ socket: WebSocketConnection) { note(.drained, socket) }
    func closed(_ socket: WebSocketConnection, _ reason: CloseReason) { note(.closed(reason), socket) }

    /// Sends back what comes.
    static func echo() -> RecordingDelegate {
        RecordingDelegate { event, socket in
            switch event {
            case .text(let text): socket.send(text: text)
            case .binary(let bytes): socket.send(ByteBuffer(bytes: bytes), .binary)
            default: break
            }
        }
    }
}

extension WebSocketConfiguration {
    /// Without pings, which would come at random.
    static var quiet: WebSocketConfiguration {
        var configuration = WebSocketConfiguration()
        configuration.keepalive = nil
        return configuration
    }

    static func quiet(_ change: (inout WebSocketConfiguration) -> Void) -> WebSocketConfiguration {
        var configuration = quiet
        change(&configuration)
        return configuration
    }
}
