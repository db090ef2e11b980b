import Metrics
import MetricsTestKit
import NIOCore
import NIOEmbedded
import RealtimeProtocol
import Testing

@testable import RealtimeHub

@Suite("Metrics")
struct HubStatisticsTests {
    let factory = TestMetrics()

    private func value(_ label: String, _ dimensions: [(String, String)] = []) throws -> Int64 {
        try factory.expectCounter(label, dimensions).totalValue
    }

    @Test("What happens often is counted on the loop, and told when the loop's clock ticks")
    func counters() throws {
        let statistics = HubStatistics(factory: factory)
        statistics.deliveries += 3
        statistics.batches += 2
        statistics.commands += 1
        #expect(try value("hub_deliveries_total") == 0)
        statistics.publish()
        statistics.publish()
        #expect(try value("hub_deliveries_total") == 3)
        #expect(try value("hub_batches_sent_total") == 2)
        #expect(try value("hub_commands_total") == 1)
    }

    @Test("How long publications wait is told in buckets, each with all that took less")
    func delays() throws {
        let delays = DelayCounts(factory: factory)
        for microseconds: Int64 in [100, 400, 600, 3_000, 10_000_000] { delays.add(nanoseconds: microseconds * 1_000) }
        delays.publish()
        delays.publish()
        func bucket(_ bound: String) throws -> Int64 { try value("hub_delivery_delay_seconds_bucket", [("le", bound)]) }
        #expect(try bucket("0.0005") == 2)
        #expect(try bucket("0.001") == 3)
        #expect(try bucket("0.005") == 4)
        #expect(try bucket("2.5") == 4)
        #expect(try bucket("+Inf") == 5)
        #expect(try value("hub_delivery_delay_seconds_count") == 5)
    }

    @Test("Sessions and subscriptions go up and down")
    func gauges() throws {
        let statistics = HubStatistics(factory: factory)
        for _ in 0..<3 { statistics.connected() }
        statistics.disconnected(nil, wasConnected: true)
        statistics.disconnected(.stale, wasConnected: false)
        for _ in 0..<2 { statistics.subscribed() }
        statistics.unsubscribed()
        #expect(try factory.expectMeter("hub_sessions").values.last == 2)
        #expect(try factory.expectMeter("hub_subscriptions").values.last == 1)
    }

    @Test("Codes of the protocol are told one by one, an application's together: labels are bounded")
    func codes() throws {
        let statistics = HubStatistics(factory: factory)
        statistics.disconnected(.slow, wasConnected: true)
        statistics.disconnected(DisconnectCode(4_001, reason: "x"), wasConnected: true)
        statistics.disconnected(DisconnectCode(4_002, reason: "y"), wasConnected: true)
        statistics.disconnected(nil, wasConnected: true)
        #expect(try value("hub_disconnects_total", [("code", "3008")]) == 1)
        #expect(try value("hub_disconnects_total", [("code", "application")]) == 2)
        #expect(try value("hub_disconnects_total", [("code", "client")]) == 1)
        statistics.refused(.permissionDenied)
        statistics.refused(Wire.ErrorReply.Code(1_000, message: "no"))
        #expect(try value("hub_errors_total", [("code", "103")]) == 1)
        #expect(try value("hub_errors_total", [("code", "application")]) == 1)
        statistics.recovered(true)
        statistics.recovered(false)
        statistics.recovered(false)
        #expect(try value("hub_recoveries_total", [("recovered", "no")]) == 2)
    }

    @Test("A session counts its commands, a channel its deliveries")
    func session() throws {
        let loop = EmbeddedEventLoop()
        let hub = TestHub.make()
        let clients = (0..<3).map { _ in TestClient(hub, on: loop) }
        for client in clients {
            try client.connect()
            _ = try client.subscribe("open:a")
        }
        try clients[0].publish("1", to: "open:a")
        try clients[0].publish("2", to: "open:a")
        let statistics = hub.loop(loop).statistics
        #expect(statistics.deliveries == 6)
        #expect(statistics.commands == 8)
    }
}
