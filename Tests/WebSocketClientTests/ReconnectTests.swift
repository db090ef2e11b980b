import HTTPTypes
import NIOCore
import Synchronization
import Testing
import WebSocketNIO
import WebSocketProtocol

@testable import WebSocketClient

@Suite("When to connect again (RFC 6455 §7.2.3)")
struct ReconnectScheduleTests {
    static let lost = Disconnection.closed(.lost("gone"))

    @Test("the longest wait doubles up to the cap; the wait is a random part of it")
    func fullJitter() {
        var longest = ReconnectSchedule(policy: .init())
        var half = ReconnectSchedule(policy: .init())
        let expected: [Double] = [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
        for seconds in expected {
            #expect(longest.disconnected(Self.lost, after: nil, random: 1) == .seconds(seconds))
            #expect(half.disconnected(Self.lost, after: nil, random: 0.5) == .seconds(seconds / 2))
        }
        #expect(longest.disconnected(Self.lost, after: nil, random: 0) == .zero)
    }

    @Test("a connection that held for long enough starts from the base again")
    func stability() {
        var schedule = ReconnectSchedule(policy: .init(stableAfter: .seconds(10)))
        for _ in 0..<5 { _ = schedule.disconnected(Self.lost, after: nil, random: 1) }
        #expect(schedule.disconnected(Self.lost, after: .seconds(9.9), random: 1) == .seconds(16))
        #expect(schedule.disconnected(Self.lost, after: .seconds(10), random: 1) == .seconds(0.5))
        #expect(schedule.disconnected(Self.lost, after: nil, random: 1) == .seconds(1))
    }

    @Test("attempts may be limited; a stable connection gives them back")
    func maxAttempts() {
        var schedule = ReconnectSchedule(policy: .init(maxAttempts: 2))
        #expect(schedule.disconnected(Self.lost, after: nil, random: 1) != nil)
        #expect(schedule.disconnected(Self.lost, after: nil, random: 1) != nil)
        #expect(schedule.disconnected(Self.lost, after: nil, random: 1) == nil)
        #expect(schedule.disconnected(Self.lost, after: .seconds(60), random: 1) == .seconds(0.5))
    }

    @Test("the server's Retry-After is kept to, up to the cap")
    func retryAfter() {
        var schedule = ReconnectSchedule(policy: .init())
        #expect(schedule.disconnected(refusal(503, retryAfter: "7"), after: nil, random: 1) == .seconds(7))
        #expect(schedule.disconnected(refusal(503, retryAfter: "3600"), after: nil, random: 0) == .seconds(30))
        #expect(schedule.disconnected(refusal(503, retryAfter: "-1"), after: nil, random: 0) == .zero)
        #expect(schedule.disconnected(refusal(503, retryAfter: "Wed, 21 Oct 2026 07:28:00 GMT"), after: nil, random: 0) == .zero)
    }

    @Test("ten thousand clients of a server that has restarted come back evenly spread")
    func storm() {
        var tenths = [Int](repeating: 0, count: 10)
        for _ in 0..<10_000 {
            var schedule = ReconnectSchedule(policy: .init(baseDelay: .seconds(5)))
            guard let delay = schedule.disconnected(Self.lost, after: .seconds(60), random: .random(in: 0..<1)) else { continue }
            tenths[min(Int(delay / .milliseconds(500)), 9)] += 1
        }
        // Expected: 1,000 in each half second, with a standard deviation of 30.
        #expect(tenths.allSatisfy { (800...1_200).contains($0) }, "\(tenths)")
    }

    @Test("strange numbers do no harm")
    func extremes() {
        for policy in [
            ReconnectPolicy(baseDelay: .seconds(Int64.max), maxDelay: .seconds(Int64.max)), .init(baseDelay: .zero), .init(maxDelay: .zero),
            .init(baseDelay: .seconds(-1)),
        ] {
            var schedule = ReconnectSchedule(policy: policy)
            for random in [-1, 0, 0.5, 1, 2, .infinity] {
                let delay = schedule.disconnected(Self.lost, after: nil, random: random)
                #expect((delay ?? .seconds(-1)) >= .zero)
            }
        }
    }

    @Test(
        "which ends are temporary",
        arguments: [
            (Disconnection.closed(.init(code: .abnormalClosure, origin: .lost)), true),
            (.closed(.init(code: .goingAway, origin: .peer)), true), (.closed(.init(code: .internalError, origin: .peer)), true),
            (.closed(.init(code: .serviceRestart, origin: .peer)), true), (.closed(.init(code: .tryAgainLater, origin: .peer)), true),
            (.closed(.init(code: 3008, origin: .peer)), true), (.closed(.init(code: .noStatusReceived, origin: .peer)), true),
            (.closed(.init(code: .normalClosure, origin: .peer)), false), (.closed(.init(code: .policyViolation, origin: .peer)), false),
            (.closed(.init(code: .protocolError, origin: .peer)), false), (.closed(.init(code: .messageTooBig, origin: .peer)), false),
            (.closed(.init(code: .goingAway, origin: .us)), false),
            (refusal(503), true), (refusal(429), true), (refusal(408), true), (refusal(401), false), (refusal(404), false),
            (refusal(302), false),
            (.failed(WebSocketClientError.timeout(.connect)), true),
            (.failed(WebSocketClientError.connectionFailed(ChannelError.eof)), true),
            (.failed(WebSocketClientError.handshake(.init(rule: ""))), false), (.failed(WebSocketClientError.tooManyRedirects), false),
            (.failed(CancellationError()), false), (.failed(ChannelError.eof), true),
        ])
    func temporary(cause: Disconnection, isTemporary: Bool) {
        #expect(cause.isTemporary == isTemporary)
    }
}

private func refusal(_ status: Int, retryAfter: String? = nil) -> Disconnection {
    var response = HTTPResponse(status: .init(code: status))
    response.headerFields[.retryAfter] = retryAfter
    return .failed(WebSocketClientError.refused(.init(response: response, body: ByteBuffer(), isTruncated: false)))
}

@Suite("Reconnecting")
struct ReconnectLoopTests {
    @Test("connect, lose, wait, connect: with the time and the chance that the test gives")
    func story() async {
        let clock = JumpingClock()
        let script = ConnectScript([
            .fails, .fails, .holds(.seconds(1), .lost("gone")), .holds(.seconds(60), .init(code: .serviceRestart, origin: .peer)),
            .holds(.seconds(1), .init(code: .normalClosure, origin: .peer)),
        ])
        var loop = ReconnectLoop(policy: .init(), time: .init(clock), random: { 0.5 }) { try script.next(clock) }
        var story: [String] = []
        while let event = await loop.next() { story.append(describe(event)) }
        #expect(
            story == [
                "failed, 0.25 s", "failed, 0.5 s", "connected", "closed 1006, 1.0 s", "connected", "closed 1012, 0.25 s", "connected",
                "closed 1000, the end",
            ])
        #expect(clock.sleeps == [.seconds(0.25), .seconds(0.5), .seconds(1), .seconds(0.25)])
        #expect(await loop.next() == nil)
    }

    @Test("the app decides")
    func appDecides() async {
        let clock = JumpingClock()
        let script = ConnectScript([
            .holds(.zero, .init(code: .normalClosure, origin: .peer)), .holds(.zero, .init(code: 4001, origin: .peer)),
        ])
        let policy = ReconnectPolicy { cause in
            if case .closed(let reason) = cause { reason.code == .normalClosure } else { true }
        }
        var loop = ReconnectLoop(policy: policy, time: .init(clock), random: { 0 }) { try script.next(clock) }
        var story: [String] = []
        while let event = await loop.next() { story.append(describe(event)) }
        #expect(story == ["connected", "closed 1000, 0.0 s", "connected", "closed 4001, the end"])
    }

    @Test("cancellation ends the wait between attempts")
    func cancelledWhileWaiting() async {
        let failed = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            var loop = ReconnectLoop<FakeConnection>(
                policy: .init(baseDelay: .seconds(3_600), maxDelay: .seconds(3_600)), time: .init(ContinuousClock()), random: { 1 }
            ) { throw ChannelError.eof }
            var events = 0
            while await loop.next() != nil {
                events += 1
                failed.continuation.yield()
            }
            return events
        }
        for await _ in failed.stream.prefix(1) {}
        task.cancel()
        #expect(await task.value == 1)
    }

    @Test("cancellation closes the connection with 1001")
    func cancelledWhileConnected() async throws {
        let closed = AsyncStream.makeStream(of: CloseReason.self)
        let script: ScriptedServer.Script = { [.write($0.switching()), .engine(.init(), .init(), { CloseWatcher(closed.continuation) })] }
        try await ScriptedServer.run(script: script) { server in
            let url = server.url
            let connected = AsyncStream.makeStream(of: Void.self)
            let task = Task {
                var events = 0
                for await event in ReconnectingWebSocket(to: url) {
                    events += 1
                    if case .connected = event { connected.continuation.yield() }
                }
                return events
            }
            for await _ in connected.stream.prefix(1) {}
            task.cancel()
            #expect(await task.value == 1)
            for await reason in closed.stream.prefix(1) { #expect(reason.code == .goingAway) }
        }
    }

    @Test("a real server that drops the first two connections")
    func realServer() async throws {
        let count = Mutex(0)
        let script: ScriptedServer.Script = { request in
            let number = count.withLock { count in
                count += 1
                return count
            }
            switch number {
            case 1: return [.close]
            case 2: return [.write(request.switching()), .close]
            default: return [.write(request.switching()), .echo]
            }
        }
        try await ScriptedServer.run(script: script) { server in
            var story: [String] = []
            for await event in ReconnectingWebSocket(to: server.url, policy: .init(baseDelay: .milliseconds(1), maxDelay: .milliseconds(4)))
            {
                guard case .connected(let socket) = event else {
                    story.append("disconnected")
                    continue
                }
                story.append("connected")
                do {
                    try await socket.send("hello")
                    for try await case .text(let text) in socket.messages {
                        story.append(text)
                        await socket.close()
                    }
                } catch {
                    story.append("lost")
                }
            }
            #expect(story == ["disconnected", "connected", "lost", "disconnected", "connected", "hello", "disconnected"])
        }
    }
}

private func describe(_ event: ReconnectLoop<FakeConnection>.Event) -> String {
    switch event {
    case .connected: "connected"
    case .disconnected(let cause, let delay): cause.short + ", " + (delay.map { "\($0 / .seconds(1)) s" } ?? "the end")
    }
}

extension Disconnection {
    fileprivate var short: String {
        switch self {
        case .closed(let reason): "closed \(reason.code.rawValue)"
        case .failed: "failed"
        }
    }
}

/// A clock whose sleeps take no time.
private final class JumpingClock: Clock {
    private let state = Mutex((now: ContinuousClock.now, sleeps: [Duration]()))

    var now: ContinuousClock.Instant { self.state.withLock { $0.now } }
    var minimumResolution: Duration { .zero }
    var sleeps: [Duration] { self.state.withLock { $0.sleeps } }

    func advance(by duration: Duration) { self.state.withLock { $0.now += duration } }

    func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        self.state.withLock { state in
            state.sleeps.append(deadline - state.now)
            state.now = max(state.now, deadline)
        }
    }
}

/// What becomes of one attempt after another.
private final class ConnectScript: Sendable {
    enum Attempt: Sendable {
        case fails
        case holds(Duration, CloseReason)
    }

    private let attempts: Mutex<[Attempt]>

    init(_ attempts: [Attempt]) { self.attempts = Mutex(attempts) }

    func next(_ clock: JumpingClock) throws -> FakeConnection {
        switch self.attempts.withLock({ $0.isEmpty ? .fails : $0.removeFirst() }) {
        case .fails: throw ChannelError.eof
        case .holds(let duration, let reason): return FakeConnection(clock: clock, duration: duration, reason: reason)
        }
    }
}

private struct FakeConnection: ReconnectableConnection {
    let clock: JumpingClock
    let duration: Duration
    let reason: CloseReason

    func waitForClose() async -> CloseReason {
        self.clock.advance(by: self.duration)
        return self.reason
    }

    func startClosing(code: CloseCode, reason: String) {}
}
