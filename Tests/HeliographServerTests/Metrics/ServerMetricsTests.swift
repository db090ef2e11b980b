import CoreMetrics
import Testing

@testable import HeliographServer

@Suite("The figures of the process")
struct ServerMetricsTests {
    @Test("are sums over all event loops")
    func sums() {
        let metrics = ServerMetrics()
        let loops = (1...3).map { _ in
            (
                Meter(label: "websocket_connections", dimensions: [], factory: metrics),
                [
                    "websocket_messages_received_total", "websocket_messages_sent_total", "websocket_received_bytes_total",
                    "websocket_sent_bytes_total",
                ].map { Counter(label: $0, dimensions: [], factory: metrics) }
            )
        }
        for (connections, counters) in loops {
            connections.increment()
            connections.increment()
            connections.decrement()
            for (counter, amount) in zip(counters, 1...) { counter.increment(by: amount) }
        }
        #expect(metrics.openSockets == 3)
        #expect(metrics.messagesReceived == 3)
        #expect(metrics.messagesSent == 6)
        #expect(metrics.bytesReceived == 9)
        #expect(metrics.bytesSent == 12)
    }

    @Test("are not changed by others, nor by values that are no numbers")
    func others() {
        let metrics = ServerMetrics()
        Counter(label: "hb.requests", dimensions: [], factory: metrics).increment(by: 7)
        Meter(label: "websocket_connections", dimensions: [], factory: metrics).increment(by: Double.infinity)
        Meter(label: "websocket_connections", dimensions: [], factory: metrics).increment(by: Double.nan)
        #expect(metrics.openSockets == 0)
        #expect(metrics.messagesReceived == 0)
    }
}
