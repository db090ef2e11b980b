import Metrics

/// Counters of one event loop: plain integers on the path of a message, given to swift-metrics once a second.
final class LoopStatistics {
    @exclusivity(unchecked) var messagesReceived = 0
    @exclusivity(unchecked) var messagesSent = 0
    @exclusivity(unchecked) var bytesReceived = 0
    @exclusivity(unchecked) var bytesSent = 0

    private let connections: Meter
    private let received: Counter
    private let sent: Counter
    private let receivedBytes: Counter
    private let sentBytes: Counter

    init(factory: any MetricsFactory = MetricsSystem.factory) {
        connections = Meter(label: "websocket_connections", dimensions: [], factory: factory)
        received = Counter(label: "websocket_messages_received_total", dimensions: [], factory: factory)
        sent = Counter(label: "websocket_messages_sent_total", dimensions: [], factory: factory)
        receivedBytes = Counter(label: "websocket_received_bytes_total", dimensions: [], factory: factory)
        sentBytes = Counter(label: "websocket_sent_bytes_total", dimensions: [], factory: factory)
    }

    func opened() { connections.increment() }
    func closed() { connections.decrement() }

    func publish() {
        publish(&messagesReceived, to: received)
        publish(&messagesSent, to: sent)
        publish(&bytesReceived, to: receivedBytes)
        publish(&bytesSent, to: sentBytes)
    }

    private func publish(_ value: inout Int, to counter: Counter) {
        guard value > 0 else { return }
        counter.increment(by: value)
        value = 0
    }
}
