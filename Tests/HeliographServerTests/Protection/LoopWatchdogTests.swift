import CoreMetrics
import Foundation
import Logging
import MetricsTestKit
import NIOCore
import NIOPosix
import ServerTestSupport
import Testing

@testable import HeliographServer

@Suite("Blocked event loops", .serialized)
struct LoopWatchdogTests {
    /// Looks every 5 ms until something is so.
    private func look(_ watchdog: LoopWatchdog, until isSo: () -> Bool) throws {
        for _ in 0..<1_000 {
            watchdog.look()
            if isSo() { return }
            Thread.sleep(forTimeInterval: 0.005)
        }
        throw Unexpected("it never was so")
    }

    @Test("One that sleeps is told of while it does and afterwards, with how long; the others are not")
    func blocked() throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 3)
        defer { try? group.syncShutdownGracefully() }
        let (log, metrics) = (LineLog(), TestMetrics())
        let watchdog = LoopWatchdog(group, threshold: .milliseconds(60), logger: log.logger, factory: metrics)
        for _ in 0..<20 {
            watchdog.look()
            Thread.sleep(forTimeInterval: 0.005)
        }
        #expect(log.lines.isEmpty)
        let loops = Array(group.makeIterator())
        loops[1].execute { Thread.sleep(forTimeInterval: 0.6) }
        try look(watchdog) { log.lines.contains { $0.message == "an event loop was blocked" } }
        let lines = log.lines
        #expect(lines.allSatisfy { $0.level == .warning && $0.metadata["loop"] == "1" })
        let during = lines.count { $0.message == "an event loop is blocked" }
        #expect((2...5).contains(during), "once, and again when it has lasted twice as long: \(during)")
        let seconds = try #require(Double("\(lines.last?.metadata["seconds"] ?? "")"))
        #expect((0.4...2).contains(seconds))
        #expect(try metrics.expectCounter("event_loop_blocked_total").totalValue == 1)
        #expect(watchdog.longest() == .zero)
    }

    @Test("How long it has been so is known while it is so")
    func longest() throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        defer { try? group.syncShutdownGracefully() }
        let watchdog = LoopWatchdog(group, threshold: .milliseconds(50), logger: LineLog().logger, factory: TestMetrics())
        group.next().execute { Thread.sleep(forTimeInterval: 0.5) }
        try look(watchdog) { watchdog.longest() > .milliseconds(200) }
        try look(watchdog) { watchdog.longest() == .zero }
    }

    @Test("A loop that is shut down, and never answers, does not matter to whoever looks")
    func gone() throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let watchdog = LoopWatchdog(group, threshold: .milliseconds(50), logger: LineLog().logger, factory: TestMetrics())
        watchdog.look()
        try group.syncShutdownGracefully()
        for second in 1...5 { watchdog.look(at: .now() + .seconds(Int64(second))) }
    }
}
