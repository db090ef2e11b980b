import InMemoryLogging
import Logging
import Metrics
import MetricsTestKit
import NIOCore
import NIOEmbedded
import Testing
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketNIO

@Suite("What operators see")
struct ObservabilityTests {
    // MARK: Log lines

    private let log = InMemoryLogHandler()

    private var logger: Logger {
        var logger = Logger(label: "test", factory: { _ in log })
        logger.logLevel = .debug
        return logger
    }

    private func entry(containing text: String) -> InMemoryLogHandler.Entry? {
        log.entries.first { "\($0.message)".contains(text) }
    }

    @Test(
        "A broken rule is named at debug, with its clause, and told to the peer in the same words",
        arguments: [
            (RawFrame.text("x").unmasked, "§5.1", 1002), (.text("x").reserved(0b010), "§5.2", 1002),
            (.continuation("x"), "§5.4", 1002), (.text(bytes: [0xff]), "§8.1", 1007),
            (.binary([]).declaring(1 << 40).lengthForm(.sixtyFour), "§10.4", 1009), (.close(body: [3]), "§5.5.1", 1002),
        ])
    func violation(frame: RawFrame, clause: String, code: Int) throws {
        let socket = try EmbeddedSocket(logger: logger)
        try socket.receive(frame)
        let line = try #require(entry(containing: "broke a rule"))
        #expect(line.level == .debug)
        #expect(line.metadata["code"] == "\(code)")
        #expect(line.metadata["socket"] == "\(socket.connection.id)")
        let rule = "\(try #require(line.metadata["rule"]))"
        #expect(rule.contains(clause))
        let close = try #require(try socket.sent().last)
        #expect(close.closeText == rule)
        #expect(close.closeCode?.rawValue == UInt16(code))
    }

    @Test("So is the peer's close, a deadline, and an error of the transport")
    func otherEnds() throws {
        try EmbeddedSocket(logger: logger).receive(.close(.goingAway, "bye"))
        let close = try #require(entry(containing: "the peer closed"))
        #expect(close.metadata["code"] == "1001")
        #expect(close.metadata["text"] == "bye")

        let silent = try EmbeddedSocket(logger: logger)
        silent.connection.close()
        silent.advance(by: .seconds(7))
        let reason = "\(try #require(entry(containing: "dropping")?.metadata["reason"]))"
        #expect(reason.contains("did not answer our Close frame"))

        let broken = try EmbeddedSocket(logger: logger)
        broken.channel.pipeline.syncOperations.fireErrorCaught(ChannelError.ioOnClosedChannel)
        #expect(entry(containing: "the transport failed") != nil)
    }

    @Test("Nothing is logged above debug, whatever the peer does")
    func levels() throws {
        let socket = try EmbeddedSocket(logger: logger, delegate: .echo())
        try socket.receive(.text("hello"))
        try socket.receive(.text("x").unmasked)
        socket.endInput()
        #expect(log.entries.allSatisfy { $0.level <= .debug })
    }

    // MARK: Counters

    @Test("Messages and bytes are counted both ways, those to rooms too")
    func counts() throws {
        let socket = try EmbeddedSocket(delegate: .echo())
        let statistics = socket.connection.loop.statistics
        try socket.receive(.text("1"), .text("2"), .ping())
        #expect(statistics.messagesReceived == 2)
        #expect(statistics.messagesSent == 2)
        #expect(statistics.bytesReceived == 7 + 7 + 6)
        #expect(statistics.bytesSent == 3 + 3 + 2)

        let room = Room()
        room.join(socket.connection)
        for _ in 0..<3 { room.broadcast(text: "x") }
        socket.connection.send(text: "y")
        room.broadcast(text: "z")
        socket.loop.run()
        #expect(statistics.messagesSent == 2 + 5)

        socket.connection.sendFragment(ByteBuffer(string: "a"), .text, isFinal: false)
        socket.connection.sendFragment(ByteBuffer(string: "b"), .text, isFinal: true)
        socket.loop.run()
        #expect(statistics.messagesSent == 2 + 5 + 1)
    }

    @Test("Broadcasts to a client are counted once")
    func countsOfClients() throws {
        let socket = try EmbeddedSocket(.client)
        let room = Room()
        room.join(socket.connection)
        room.broadcast(text: "x")
        socket.loop.run()
        #expect(socket.connection.loop.statistics.messagesSent == 1)
    }

    @Test("They reach swift-metrics under their names")
    func metrics() throws {
        let metrics = TestMetrics()
        let statistics = LoopStatistics(factory: metrics)
        statistics.opened()
        statistics.opened()
        statistics.closed()
        statistics.messagesReceived = 5
        statistics.messagesSent = 4
        statistics.bytesReceived = 300
        statistics.bytesSent = 200
        statistics.publish()
        statistics.messagesReceived = 1
        statistics.publish()
        #expect(try metrics.expectMeter("websocket_connections").lastValue == 1)
        #expect(try metrics.expectCounter("websocket_messages_received_total").values == [5, 1])
        #expect(try metrics.expectCounter("websocket_messages_sent_total").values == [4])
        #expect(try metrics.expectCounter("websocket_received_bytes_total").values == [300])
        #expect(try metrics.expectCounter("websocket_sent_bytes_total").values == [200])
    }

    @Test("They are published once a second, and when the last socket of a loop goes")
    func publishing() throws {
        let socket = try EmbeddedSocket()
        let statistics = socket.connection.loop.statistics
        try socket.receive(.text("1"))
        socket.advance(by: .seconds(1))
        #expect(statistics.messagesReceived == 0)
        try socket.receive(.text("2"))
        #expect(statistics.messagesReceived == 1)
        try socket.receive(.close())
        #expect(statistics.messagesReceived == 0)
    }
}
