// Strategy: a run is a few phases one after the other: open, warm up, measure, settle, close. Each event loop has its own sockets and figures; one
// task takes the figures at regular intervals and adds them up. Every phase has an end in time, whatever the server does.

import Foundation
import Histogram
import NIOCore
import NIOPosix
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

/// What a run tells while it goes on.
protocol BenchObserver: AnyObject, Sendable {
    func opening(done: Int, of total: Int) async
    func measuring(_ point: BenchResult.Point, total: Duration, isWarmUp: Bool) async
}

/// Carries a plan out.
struct BenchRunner: Sendable {
    /// How many handshakes are under way at once while the connections are opened.
    static let openingWindow = 64
    /// How long answers are waited for after the last message.
    private static let settleTime = Duration.seconds(1)

    let plan: BenchPlan
    let observer: any BenchObserver

    /// Runs to the end, or until the task is cancelled: then the result is of the time up to there.
    ///
    /// - Throws: the error of the first connection when none could be opened.
    func run() async throws -> BenchResult {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: self.plan.threads)
        let result: Result<BenchResult, any Error>
        do { result = .success(try await self.run(on: group)) } catch { result = .failure(error) }
        try? await group.shutdownGracefully()
        return try result.get()
    }

    private func run(on group: MultiThreadedEventLoopGroup) async throws -> BenchResult {
        let started = Date()
        let loops = try await self.makeLoops(group)
        let memoryBefore = self.plan.pid.flatMap(ProcessMemory.proportional)
        var opening = Opening()
        if self.plan.mode != .connect {
            opening = await self.open(self.plan.connections, on: loops)
            if opening.connections.opened == 0, let error = opening.error { throw error }
        }
        let churn = self.plan.mode == .connect ? ConnectionChurn(plan: self.plan, loops: loops) : nil
        var measurement = try await self.measure(loops, churn)
        let memoryAfter = self.plan.pid.flatMap(ProcessMemory.proportional)
        let trouble = try await self.close(loops)
        if let churn { opening = churn.opening }
        opening.connections.lost = trouble.lost
        measurement.wrong = trouble.wrong
        if self.plan.mode == .idle { measurement.total.latencies = opening.handshakes }
        return self.result(started, opening, measurement, ProcessMemory.difference(memoryBefore, memoryAfter, opening.connections.opened))
    }

    // MARK: Opening

    private func makeLoops(_ group: MultiThreadedEventLoopGroup) async throws -> [NIOLoopBound<BenchLoop>] {
        let payload = BenchPlan.payload(size: self.plan.size)
        var loops: [NIOLoopBound<BenchLoop>] = []
        for eventLoop in group.makeIterator() {
            let plan = self.plan
            loops.append(
                try await eventLoop.submit {
                    NIOLoopBound(BenchLoop(eventLoop: eventLoop, plan: plan, payload: payload), eventLoop: eventLoop)
                }.get())
        }
        return loops
    }

    /// What opening the connections came to.
    struct Opening: Sendable {
        var connections = BenchResult.Connections()
        var handshakes = LatencyHistogram.latencies()
        var error: (any Error)?

        mutating func add(_ result: Result<UInt64, any Error>) {
            switch result {
            case .success(let nanoseconds):
                self.connections.opened += 1
                self.handshakes.recordLatency(nanoseconds)
            case .failure(let error):
                self.connections.failed += 1
                if self.error == nil {
                    self.error = error
                    self.connections.firstError = "\(error)"
                }
            }
        }
    }

    private func open(_ count: Int, on loops: [NIOLoopBound<BenchLoop>]) async -> Opening {
        let fanout = loops.first.map { FanoutState(receivers: count, publisher: $0) }
        return await withTaskGroup(of: Result<UInt64, any Error>.self) { tasks in
            var opening = Opening()
            var next = 0
            while next < count || opening.connections.opened + opening.connections.failed < next {
                while next < count, next - opening.connections.opened - opening.connections.failed < Self.openingWindow {
                    let index = next
                    tasks.addTask { await self.open(index, on: loops[index % loops.count], fanout) }
                    next += 1
                }
                guard let result = await tasks.next() else { break }
                opening.add(result)
                await self.observer.opening(done: opening.connections.opened + opening.connections.failed, of: count)
                // When nothing can be opened there is no point in trying it ten thousand times.
                if opening.connections.opened == 0, opening.connections.failed >= Self.openingWindow { next = count }
            }
            return opening
        }
    }

    /// Opens one connection; gives the time it took.
    private func open(_ index: Int, on loop: NIOLoopBound<BenchLoop>, _ fanout: FanoutState?) async -> Result<UInt64, any Error> {
        let mode = self.plan.mode
        let start = BenchClock.now()
        do {
            try await WebSocket.connect(to: self.plan.url, configuration: self.plan.configuration, eventLoopGroup: loop.eventLoop) {
                switch (mode, fanout) {
                case (.echo, _): return EchoSocket(loop: loop.value, number: index)
                case (.fanout, let state?): return FanoutSocket(loop: loop.value, state: state, isPublisher: index == 0)
                default: return IdleSocket(loop: loop.value)
                }
            }
            return .success(BenchClock.now() &- start)
        } catch {
            return .failure(error)
        }
    }

    // MARK: Measuring

    struct Measurement: Sendable {
        var total = LoopSample()
        var series: [BenchResult.Point] = []
        var elapsed = 0.0
        var unanswered = 0
        var wrong = 0
        var wasInterrupted = false
    }

    private func measure(_ loops: [NIOLoopBound<BenchLoop>], _ churn: ConnectionChurn?) async throws -> Measurement {
        // A moment for all loops to be told, so that open loops begin together.
        let start = BenchClock.now() + 10_000_000
        let senders = self.plan.mode == .fanout ? 1 : loops.count
        for (index, loop) in loops.enumerated() {
            let rate = self.plan.rate.map { index < senders ? $0 / Double(senders) : 0 }
            loop.eventLoop.execute { loop.value.start(rate: rate, at: start) }
        }
        let churning = Task { await churn?.run() }
        if self.plan.warmUp > .zero { _ = try await self.collect(loops, churn, for: self.plan.warmUp, isWarmUp: true) }
        var measurement = try await self.collect(loops, churn, for: self.plan.duration, isWarmUp: false)
        churn?.stop()
        churning.cancel()
        await churning.value
        try await self.settle(loops, &measurement)
        return measurement
    }

    private func collect(
        _ loops: [NIOLoopBound<BenchLoop>], _ churn: ConnectionChurn?, for duration: Duration, isWarmUp: Bool
    ) async throws -> Measurement {
        var measurement = Measurement()
        _ = try await self.take(loops, churn)
        let clock = ContinuousClock()
        let start = clock.now
        var last = start
        while last - start < duration, !Task.isCancelled {
            try? await clock.sleep(until: min(last + self.plan.sampleInterval, start + duration))
            let sample = try await self.take(loops, churn)
            let now = clock.now
            let point = Self.point(sample, at: (now - start) / .seconds(1), after: (now - last) / .seconds(1))
            last = now
            measurement.total.add(sample)
            measurement.series.append(point)
            await self.observer.measuring(point, total: duration, isWarmUp: isWarmUp)
        }
        measurement.elapsed = (last - start) / .seconds(1)
        measurement.wasInterrupted = Task.isCancelled
        return measurement
    }

    private func take(_ loops: [NIOLoopBound<BenchLoop>], _ churn: ConnectionChurn?) async throws -> LoopSample {
        var sum = churn?.takeSample() ?? LoopSample()
        for loop in loops { sum.add(try await loop.eventLoop.submit { loop.value.takeSample() }.get()) }
        return sum
    }

    private static func point(_ sample: LoopSample, at time: Double, after seconds: Double) -> BenchResult.Point {
        let isEmpty = sample.latencies.totalCount == 0
        return .init(
            time: time,
            perSecond: Double(sample.received) / max(seconds, 1e-9),
            median: isEmpty ? 0 : sample.latencies.valueAtPercentile(50),
            p99: isEmpty ? 0 : sample.latencies.valueAtPercentile(99),
            maximum: isEmpty ? 0 : sample.latencies.max
        )
    }

    /// Lets the last answers come in, and counts in what does not come. With an open loop, their latency belongs to the result: they are the ones
    /// that were slow. They are no part of the throughput.
    private func settle(_ loops: [NIOLoopBound<BenchLoop>], _ measurement: inout Measurement) async throws {
        for loop in loops { loop.eventLoop.execute { loop.value.stopSending() } }
        guard self.plan.mode == .echo, self.plan.rate != nil else { return }
        try? await Task.sleep(for: Self.settleTime)
        for loop in loops {
            let unanswered = loop.eventLoop.submit { loop.value.recordUnanswered(now: BenchClock.now()) }
            measurement.unanswered += try await unanswered.get()
        }
        let late = try await self.take(loops, nil)
        measurement.total.latencies.add(late.latencies)
    }

    // MARK: The end

    /// Closes what is open; gives what went wrong before: connections lost, by close code, and wrong messages.
    private func close(_ loops: [NIOLoopBound<BenchLoop>]) async throws -> (lost: [String: Int], wrong: Int) {
        var lost: [String: Int] = [:]
        var wrong = 0
        for loop in loops {
            let trouble = try await loop.eventLoop.submit {
                loop.value.closeAll()
                return (lost: loop.value.lost, wrong: loop.value.wrong)
            }.get()
            for (code, count) in trouble.lost { lost["\(code)", default: 0] += count }
            wrong += trouble.wrong
        }
        // The peers' Close frames, for a moment; what is open then is cut off.
        let deadline = ContinuousClock.now + Self.settleTime
        for loop in loops {
            while ContinuousClock.now < deadline, try await loop.eventLoop.submit({ loop.value.open }).get() > 0 {
                try? await Task.sleep(for: .milliseconds(10))
                if Task.isCancelled { break }
            }
        }
        return (lost, wrong)
    }

    private func result(
        _ started: Date, _ opening: Opening, _ measurement: Measurement, _ memory: BenchResult.Memory?
    ) -> BenchResult {
        let total = measurement.total
        let seconds = max(measurement.elapsed, 1e-9)
        return BenchResult(
            startedAt: ISO8601DateFormatter().string(from: started),
            host: BenchHost.description,
            url: (try? WebSocketURL(self.plan.url).description) ?? self.plan.url,
            mode: self.plan.mode,
            options: .init(self.plan),
            connections: opening.connections,
            elapsedSeconds: measurement.elapsed,
            sent: total.sent,
            completed: total.received,
            completedPerSecond: Double(total.received) / seconds,
            payloadBytesPerSecond: Double(total.receivedBytes) / seconds,
            unanswered: measurement.unanswered,
            wrong: measurement.wrong,
            skipped: total.skipped,
            wasInterrupted: measurement.wasInterrupted,
            latency: .init(total.latencies),
            curve: .init(total.latencies),
            handshakes: self.plan.mode == .echo || self.plan.mode == .fanout ? .init(opening.handshakes) : nil,
            series: measurement.series,
            memory: memory
        )
    }
}

extension BenchResult.Options {
    init(_ plan: BenchPlan) {
        self.init(
            connections: plan.connections, messageBytes: plan.size, depth: plan.depth, rate: plan.rate,
            warmUpSeconds: plan.warmUp / .seconds(1), durationSeconds: plan.duration / .seconds(1), threads: plan.threads,
            isCompressed: plan.configuration.webSocket.compression != nil, isBinary: plan.kind == .binary)
    }
}
