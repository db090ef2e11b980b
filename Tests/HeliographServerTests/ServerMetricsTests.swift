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
                Counter(label: "websocket_messages_received_total", dimensions: [], factory: metrics)
            )
        }
        for (connections, messages) in loops {
            connections.increment()
            connections.increment()
            connections.decrement()
            messages.increment(by: 10)
        }
        #expect(metrics.openSockets == 3)
        #expect(metrics.messagesReceived == 30)
    }

    @Test("take no notice of others, nor of values that are no numbers")
    func others() {
        let metrics = ServerMetrics()
        Counter(label: "hb.requests", dimensions: [], factory: metrics).increment(by: 7)
        Meter(label: "websocket_connections", dimensions: [], factory: metrics).increment(by: Double.infinity)
        Meter(label: "websocket_connections", dimensions: [], factory: metrics).increment(by: Double.nan)
        #expect(metrics.openSockets == 0)
        #expect(metrics.messagesReceived == 0)
    }
}
