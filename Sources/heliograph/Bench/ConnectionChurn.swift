import NIOCore
import Synchronization
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

/// Connect: workers that open a connection, close it, and open the next.
final class ConnectionChurn: Sendable {
    private struct State {
        var sample = LoopSample()
        var opening = BenchRunner.Opening()
        var isStopped = false
        var started = 0
    }

    private let plan: BenchPlan
    private let loops: [NIOLoopBound<BenchLoop>]
    private let state = Mutex(State())

    init(plan: BenchPlan, loops: [NIOLoopBound<BenchLoop>]) {
        self.plan = plan
        self.loops = loops
    }

    var opening: BenchRunner.Opening { self.state.withLock { $0.opening } }

    func takeSample() -> LoopSample {
        self.state.withLock { state in
            defer { state.sample = LoopSample() }
            return state.sample
        }
    }

    func stop() { self.state.withLock { $0.isStopped = true } }

    /// Runs until ``stop()``; handshakes under way then are finished.
    func run() async {
        let start = BenchClock.now()
        await withTaskGroup(of: Void.self) { tasks in
            for index in 0..<self.plan.connections { tasks.addTask { await self.work(index, since: start) } }
        }
    }

    private func work(_ index: Int, since start: UInt64) async {
        let loop = self.loops[index % self.loops.count].eventLoop
        while let due = await self.nextTurn(since: start) {
            let socket: WebSocket
            do {
                socket = try await WebSocket.connect(to: self.plan.url, configuration: self.plan.configuration, eventLoopGroup: loop) {
                    Bystander()
                }
            } catch is CancellationError {
                return
            } catch {
                self.state.withLock { $0.opening.add(.failure(error)) }
                // Nobody there, or no descriptors left: not a hundred thousand failures a second.
                try? await Task.sleep(for: .milliseconds(10))
                continue
            }
            let time = BenchClock.now() &- due
            self.state.withLock { state in
                state.opening.connections.opened += 1
                state.sample.latencies.recordLatency(time)
                state.sample.received += 1
            }
            await socket.close()
        }
    }

    /// When the next handshake of this worker is due: now, or with a rate at the time of the next free number; nil at the end.
    private func nextTurn(since start: UInt64) async -> UInt64? {
        let number: Int? = self.state.withLock { state in
            guard !state.isStopped else { return nil }
            state.sample.sent += 1
            state.started += 1
            return state.started - 1
        }
        guard let number, !Task.isCancelled else { return nil }
        guard let rate = self.plan.rate else { return BenchClock.now() }
        let due = start + UInt64(Double(number) / rate * 1e9)
        let now = BenchClock.now()
        if due > now { try? await Task.sleep(for: .nanoseconds(Int64(due - now))) }
        return Task.isCancelled ? nil : due
    }
}

/// Gets messages and does nothing.
private final class Bystander: WebSocketDelegate {}
