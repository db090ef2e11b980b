import Hummingbird
import NIOCore
import WebSocketDeflate
import WebSocketHummingbird
import WebSocketNIO
import WebSocketProtocol

/// Sends every message back. Without state, so that all sockets share one.
///
/// A peer that sends without reading is not read from for a while (the socket's own back-pressure), so the queue stays small.
final class EchoDelegate: WebSocketDelegate {
    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
        socket.send(payload, kind)
    }
}

/// Sends every message to all sockets of the group, the sender included.
final class BroadcastDelegate: WebSocketDelegate {
    private let group: Room

    init(group: Room) {
        self.group = group
    }

    func opened(_ socket: WebSocketConnection) {
        group.join(socket)
    }

    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
        group.broadcast(payload, kind)
    }
}

/// The plain routes that load generators and conformance suites talk to.
enum MeasuringRoutes {
    static let maxMessageSize = 16 << 20
    static let maxFragments = 100_000

    static func add(to router: Router<BasicRequestContext>) {
        var echo = WebSocketConfiguration()
        echo.limits = WebSocketLimits(maxMessageSize: maxMessageSize, maxFragments: maxFragments)
        echo.compression = DeflateConfiguration()
        // Four of the longest messages: a peer may have a few in flight.
        echo.maxBufferedBytes = 4 * maxMessageSize

        let broadcast = echo
        let group = Room(maxBufferedBytes: broadcast.maxBufferedBytes)

        router.webSocket("echo", configuration: echo, delegate: { _, _ in EchoDelegate() })
        router.webSocket("broadcast", configuration: broadcast, delegate: { _, _ in BroadcastDelegate(group: group) })
    }
}
