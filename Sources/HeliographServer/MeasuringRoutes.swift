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
        var configuration = WebSocketConfiguration()
        configuration.limits = WebSocketLimits(maxMessageSize: maxMessageSize, maxFragments: maxFragments)
        configuration.compression = DeflateConfiguration()
        // Four of the longest messages: a peer may have a few in flight.
        configuration.maxBufferedBytes = 4 * maxMessageSize

        let group = Room(maxBufferedBytes: configuration.maxBufferedBytes)

        router.webSocket("echo", configuration: configuration, delegate: { _, _ in EchoDelegate() })
        router.webSocket("broadcast", configuration: configuration, delegate: { _, _ in BroadcastDelegate(group: group) })
    }
}
