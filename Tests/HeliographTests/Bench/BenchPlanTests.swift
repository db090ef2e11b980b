import ArgumentParser
import NIOCore
import NIOEmbedded
import Testing

@testable import heliograph

@Suite("What bench is asked to do")
struct BenchPlanTests {
    @Test(
        "only this machine may be loaded without asking",
        arguments: [
            ("localhost", true), ("127.0.0.1", true), ("127.255.0.9", true), ("::1", true), ("128.0.0.1", false), ("0.0.0.0", false),
            ("::", false),
            ("10.0.0.1", false), ("example.com", false), ("127.example.com", false), ("localhost.example.com", false),
            ("::ffff:127.0.0.1", false),
        ])
    func loopback(host: String, isLoopback: Bool) {
        #expect(BenchTarget.isLoopback(host) == isLoopback)
    }

    @Test(
        "wrong usage is refused",
        arguments: [
            [], ["http://127.0.0.1/"], ["ws://example.com/"], ["wss://10.0.0.1/"], ["ws://127.0.0.1@example.com/"],
            ["ws://127.0.0.1/", "--proxy", "proxy.example:1"],
            ["ws://127.0.0.1/", "-c", "0"], ["ws://127.0.0.1/", "-s", "-1"], ["ws://127.0.0.1/", "-s", "99999999999"],
            ["ws://127.0.0.1/", "-d", "0"],
            ["ws://127.0.0.1/", "-t", "0"], ["ws://127.0.0.1/", "-t", "inf"], ["ws://127.0.0.1/", "-t", "nan"],
            ["ws://127.0.0.1/", "--warm-up", "-1"],
            ["ws://127.0.0.1/", "--rate", "0"], ["ws://127.0.0.1/", "--rate", "inf"], ["ws://127.0.0.1/", "--threads", "0"],
            ["ws://127.0.0.1/", "-m", "flood"],
            ["ws://127.0.0.1/", "-m", "fanout", "-s", "15"], ["ws://127.0.0.1/", "-m", "idle", "--rate", "1"],
            ["ws://127.0.0.1/", "--follow-redirects", "1"],
        ])
    func wrongUsage(arguments: [String]) {
        #expect(throws: (any Error).self) { try Bench.parse(arguments) }
    }

    @Test("a host of others needs the long option, and then may be named")
    func permission() throws {
        #expect(try Bench.parse(["wss://example.com/", "--i-may-load-this-host"]).mayLoadThisHost)
        #expect(try Bench.parse(["ws://localhost:8080/echo", "--proxy", "127.0.0.1:3128"]).connections == 100)
    }

    @Test("a payload has the size that is asked for, is ASCII, and the same each time", arguments: [0, 1, 15, 64, 65_536])
    func payload(size: Int) {
        let payload = BenchPlan.payload(size: size)
        #expect(payload.readableBytes == size)
        #expect(payload.readableBytesView.allSatisfy { (0x20..<0x7F).contains($0) })
        #expect(payload == BenchPlan.payload(size: size))
    }

    @Test("a fan-out's message tells when it was sent", arguments: [0, 1, 0x0123_4567_89AB_CDEF, UInt64.max])
    func stamp(time: UInt64) {
        var buffer = ByteBuffer()
        FanoutStamp.write(time, into: &buffer)
        #expect(buffer.readableBytes == FanoutStamp.length)
        #expect(FanoutStamp.read(buffer) == time)
        buffer.writeString("more")
        #expect(FanoutStamp.read(buffer) == time)
    }

    @Test(
        "messages of others have no such time",
        arguments: ["", "0123456789abcde", "0123456789ABCDEF", "0123456789abcdeg", "{\"hello\":\"world\"}"])
    func foreign(text: String) {
        #expect(FanoutStamp.read(ByteBuffer(string: text)) == nil)
    }

    @Test(
        "the server's memory is the proportional set size",
        arguments: [
            ("Rss: 9 kB\nPss:               23456 kB\nPss_Dirty: 1 kB\n", 23_456 * 1_024), ("Rss: 9 kB\n", nil), ("", nil),
            ("Pss: x kB", nil),
        ])
    func memory(text: String, bytes: Int?) {
        #expect(ProcessMemory.parse(text) == bytes)
    }
}

@Suite("An open loop")
struct PacerTests {
    /// What was fired: number and due time in milliseconds.
    final class Log {
        var entries: [(Int, UInt64)] = []
    }

    static func pacer(_ loop: EmbeddedEventLoop, rate: Double, _ log: Log) -> Pacer {
        Pacer(eventLoop: loop, rate: rate, start: loop.now.uptimeNanoseconds) { log.entries.append(($0, $1 / 1_000_000)) }
    }

    @Test("fires at its times")
    func times() {
        let (loop, log) = (EmbeddedEventLoop(), Log())
        let start = loop.now.uptimeNanoseconds / 1_000_000
        let pacer = Self.pacer(loop, rate: 100, log)
        pacer.run()
        loop.advanceTime(by: .milliseconds(35))
        #expect(log.entries.map(\.0) == [0, 1, 2, 3])
        #expect(log.entries.map { $0.1 - start } == [0, 10, 20, 30])
        pacer.stop()
        loop.advanceTime(by: .seconds(1))
        #expect(log.entries.count == 4)
    }

    @Test("what was due during a stall is fired late, with the time at which it was due: no coordinated omission")
    func stall() {
        let (loop, log) = (EmbeddedEventLoop(), Log())
        let start = loop.now.uptimeNanoseconds / 1_000_000
        let pacer = Self.pacer(loop, rate: 100, log)
        // The loop was busy for half a second before the pacer got its turn.
        loop.advanceTime(by: .milliseconds(500))
        pacer.run()
        #expect(log.entries.count == 51)
        #expect(log.entries.map { $0.1 - start } == stride(from: 0, through: 500, by: 10).map { UInt64($0) })
        pacer.stop()
    }

    @Test("a long way behind, it leaves turns to others and still omits nothing")
    func bursts() {
        let (loop, log) = (EmbeddedEventLoop(), Log())
        let pacer = Self.pacer(loop, rate: 1_000_000, log)
        loop.advanceTime(by: .milliseconds(5))
        pacer.run()
        #expect(log.entries.count == 1_000)
        for _ in 0..<10 { loop.advanceTime(by: .nanoseconds(1)) }
        #expect(log.entries.count >= 5_000)
        #expect(log.entries.map(\.0) == Array(0..<log.entries.count))
        pacer.stop()
    }
}
