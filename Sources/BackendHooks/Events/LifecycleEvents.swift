// Strategy: one queue, and one request at a time, so all events of a process arrive in their order. To let the events of some channels overtake those of others
// would gain nothing: a backend that is down is down for all, and what it refuses by itself (400, 413, 422) is found by halves and dropped, so that it
// holds up nobody for long.

public import Logging
import NIOCore
import NIOPosix
public import RealtimeHub
import RealtimeProtocol
import Synchronization
public import Tracing

/// Tells a backend what happens to clients and channels: in batches, signed, in order, at least once.
///
/// ```swift
/// let events = try LifecycleEvents(EventConfiguration(url: "https://backend.example/events", secrets: [secret]), logger: logger)
/// handlers.lifecycle = { events.record($0) }
/// let hub = Hub(namespaces: namespaces, handlers: handlers)
/// await events.run(node: hub.node)
/// ```
public final class LifecycleEvents: Sendable {
    private let current: Mutex<Change>
    let collector: EventCollector
    let queue: any EventQueue
    let figures = EventFigures()
    let logger: Logger
    private let text: EventText
    private let hasGathered = Atomic(false)
    private let pause = Pause()
    private let arrival: AsyncStream<Void>
    private let arrived: AsyncStream<Void>.Continuation
    private let ending: AsyncStream<Void>
    private let ended: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - configuration: what is told, and where.
    ///   - logger: for what goes wrong.
    ///   - tracer: gets a span of each batch that is posted. Default: the process's, if it has one by now.
    /// - Throws: what is wrong with the queue's folder, or with the certificates.
    public init(_ configuration: EventConfiguration, logger: Logger, tracer: (any Tracer)? = nil) throws {
        current = Mutex(try Change(to: configuration, tracer: tracer))
        self.logger = logger
        collector = EventCollector(configuration)
        collector.recordStart()
        if let folder = configuration.queue.directory {
            queue = try DiskEventQueue(
                folder, maxBytes: configuration.queue.maxBytes, sync: configuration.queue.sync, logger: logger)
        } else {
            queue = MemoryEventQueue(maxBytes: configuration.queue.maxBytes)
        }
        text = EventText(run: Self.runName())
        (arrival, arrived) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (ending, ended) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    private static func runName() -> String {
        let name = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - name.count) + name
    }

    /// Another configuration that can be taken over.
    public struct Change: Sendable {
        let configuration: EventConfiguration
        let poster: EventPoster

        /// - Parameters:
        ///   - configuration: what is told from now on, and where.
        ///   - tracer: gets a span of each batch that is posted. Default: the process's, if it has one by now.
        /// - Throws: what is wrong with the certificates.
        public init(to configuration: EventConfiguration, tracer: (any Tracer)? = nil) throws {
            self.configuration = configuration
            poster = try EventPoster(configuration, HookTracing(tracer))
        }
    }

    /// Goes on by another configuration, all of it but `queue`, which stays what it is: what waits there goes where the new one says, from the next attempt on.
    public func take(_ change: Change) {
        current.withLock { $0 = change }
        collector.take(change.configuration)
    }

    private var configuration: EventConfiguration { current.withLock { $0.configuration } }

    /// Takes an event, from any thread, without waiting for anything.
    public func record(_ event: LifecycleEvent) { collector.record(event) }

    /// Nothing more happens: what is in the queue is sent, for as long as ``EventConfiguration/flushTimeout``; then ``run(node:)`` returns.
    public func finish() {
        collector.close()
        pause.end()
        ended.finish()
    }

    private enum Part {
        case other, delivery, limit
    }

    /// Sends what is recorded until ``finish()`` is called, or the task is cancelled.
    ///
    /// - Parameter node: the name of this process among others.
    public func run(node: String) async {
        await withTaskGroup(of: Part.self) { group in
            group.addTask {
                await self.gather()
                return .other
            }
            group.addTask {
                await self.tick()
                return .other
            }
            group.addTask {
                await self.deliver(node)
                return .delivery
            }
            group.addTask {
                for await _ in self.ending {}
                try? await Task.sleep(for: self.configuration.flushTimeout)
                return .limit
            }
            for await part in group where part != .other { group.cancelAll() }
        }
        await store()
        let left = queue.size.events
        if left > 0 {
            logger.warning(
                "events are left that no backend has taken", metadata: ["events": "\(left)", "kept": "\(queue.mayBlock)"])
        }
        await onQueue { $0.close() }
    }

    // MARK: In

    /// Writes down what was recorded, a little later each time, so that it is several.
    private func gather() async {
        for await _ in collector.signal {
            await pause.wait(for: configuration.batchDelay)
            await store()
        }
        await store()
        hasGathered.store(true, ordering: .releasing)
        arrived.yield()
    }

    private func store() async {
        let (events, dropped) = collector.take()
        if dropped > 0 { figures.dropped(dropped, .busy, logger) }
        guard !events.isEmpty else { return }
        for event in events { figures.recorded(event.type) }
        let lost = await onQueue { [text] queue in queue.append(events.map(text.json)) }
        if lost.old > 0 { figures.dropped(lost.old, .full, logger) }
        if lost.unwritten > 0 { figures.dropped(lost.unwritten, .unwritten, logger) }
        if lost.unreadable > 0 { figures.dropped(lost.unreadable, .unreadable, logger) }
        figures.set(queue.size)
        arrived.yield()
    }

    /// What only time does.
    private func tick() async {
        var count = 0
        while !Task.isCancelled, !hasGathered.load(ordering: .acquiring) {
            try? await Task.sleep(for: .milliseconds(250))
            collector.advance(to: .now())
            count += 1
            guard count % 4 == 0, queue.mayBlock else { continue }
            await onQueue { $0.sync() }
            // What could not be read when it was asked for may be read by now.
            arrived.yield()
        }
    }

    // MARK: Out

    /// The bodies of requests have about so many bytes at most.
    private static let maxBatchBytes = 512 << 10

    private func deliver(_ node: String) async {
        var backoff = Backoff(configuration.retryPause)
        var limit = Int.max
        var arrivals = arrival.makeAsyncIterator()
        while !Task.isCancelled {
            let (configuration, poster) = current.withLock { ($0.configuration, $0.poster) }
            limit = min(limit, configuration.batchSize)
            backoff.range = configuration.retryPause
            let events = await onQueue { [limit] queue in queue.first(limit, maxBytes: Self.maxBatchBytes) }
            guard let last = events.last else {
                if hasGathered.load(ordering: .acquiring) { return }
                _ = await arrivals.next()
                continue
            }
            let outcome = await poster.post(EventText.batch(events.map(\.payload), node: node))
            figures.posted(outcome)
            switch outcome {
            case .taken:
                backoff.reset()
                limit = min(limit, .max / 2) * 2
                figures.delivered(events.count)
                await remove(through: last.number)
            case .refused(let status):
                guard events.count == 1 else {
                    limit = max(1, events.count / 2)
                    continue
                }
                figures.dropped(1, .refused(status), logger)
                await remove(through: last.number)
            case .failed(let why, let pause):
                complain(why, configuration.url)
                let next = max(backoff.next(), min(pause, configuration.retryPause.upperBound))
                try? await Task.sleep(for: next)
            }
        }
    }

    private func remove(through number: UInt64) async {
        await onQueue { $0.remove(through: number) }
        figures.set(queue.size)
    }

    private func complain(_ why: HookFailure, _ url: String) {
        guard figures.mayComplain() else { return }
        logger.warning(
            "a backend does not take events",
            metadata: [
                "endpoint": "\(EndpointRules.shown(url))", "why": "\(why)", "waiting": "\(queue.size.events)",
            ])
    }

    /// What waits for a disk waits on a thread of its own.
    private func onQueue<Value: Sendable>(_ body: @escaping @Sendable (any EventQueue) -> Value) async -> Value {
        let queue = queue
        guard queue.mayBlock else { return body(queue) }
        // It only fails where the process's own pool is shut down, which nobody does.
        return (try? await NIOThreadPool.singleton.runIfActive { body(queue) }) ?? body(queue)
    }
}
