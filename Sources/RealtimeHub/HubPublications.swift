public import PubSub
import Synchronization

/// What is published in a channel, for a part of the application: what `Hub.publications(in:)` gives.
///
/// The subscription ends when the loop over it does, or when the last iterator is gone; and the loop ends when the hub shuts down.
public struct HubPublications: AsyncSequence, Sendable {
    public typealias Element = Publication

    /// The reader was so slow that its buffer ran full. It reads the channel's history, if there is one, and subscribes again.
    public struct Overflow: Error, Hashable, Sendable {}

    private let stream: AsyncThrowingStream<Publication, any Error>

    init(_ stream: AsyncThrowingStream<Publication, any Error>) {
        self.stream = stream
    }

    public func makeAsyncIterator() -> Iterator {
        Iterator(iterator: stream.makeAsyncIterator())
    }

    /// Gives publications in the channel's order.
    public struct Iterator: AsyncIteratorProtocol {
        var iterator: AsyncThrowingStream<Publication, any Error>.Iterator

        /// The next publication; nil when the task was cancelled, or the hub has shut down.
        ///
        /// - Throws: ``HubPublications/Overflow``.
        public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async throws -> Publication? {
            try await iterator.next(isolation: actor)
        }
    }
}

/// A reader within the process.
final class LocalSubscription: DeliverySink {
    private let continuation: AsyncThrowingStream<Publication, any Error>.Continuation

    init(_ continuation: AsyncThrowingStream<Publication, any Error>.Continuation) {
        self.continuation = continuation
    }

    func post(_ delivery: Delivery) {
        guard case .publication(let publication, _, _) = delivery.event else { return }
        defer { delivery.span?.handedOut(to: 1) }
        if case .dropped = continuation.yield(publication) { continuation.finish(throwing: HubPublications.Overflow()) }
    }

    /// Nothing more will come; what waits is still read.
    func finish() {
        continuation.finish()
    }
}

/// The readers within the process, who are told when there is nothing more to come.
final class LocalSubscriptions: Sendable {
    private struct State {
        var open: [ObjectIdentifier: LocalSubscription] = [:]
        var isOver = false
    }

    private let state = Mutex(State())

    func add(_ subscription: LocalSubscription) {
        let isOver = state.withLock { state in
            if !state.isOver { state.open[ObjectIdentifier(subscription)] = subscription }
            return state.isOver
        }
        if isOver { subscription.finish() }
    }

    func remove(_ subscription: LocalSubscription) {
        state.withLock { $0.open[ObjectIdentifier(subscription)] = nil }
    }

    func finish() {
        let last = state.withLock { state in
            defer { state = State(isOver: true) }
            return state.open.values
        }
        for subscription in last { subscription.finish() }
    }
}

extension Hub {
    /// Subscribes a part of the application to a channel.
    ///
    /// ```swift
    /// for try await publication in try await hub.publications(in: "orders") {
    ///     print(String(decoding: publication.data, as: UTF8.self))
    /// }
    /// ```
    ///
    /// Nothing is lost silently: a reader who is slower than the channel for longer than its buffer lasts gets ``HubPublications/Overflow``.
    ///
    /// - Parameters:
    ///   - channel: any channel that there can be, whoever may subscribe to it.
    ///   - bufferSize: so many publications at most wait for the reader. Default 256.
    /// - Throws: ``HubRefusal`` with error 102 if there is no such namespace, 107 if the name is not what it must be; what the broker throws.
    public func publications(in channel: String, bufferSize: Int = 256) async throws -> HubPublications {
        _ = try settings(of: channel)
        let (stream, continuation) = AsyncThrowingStream<Publication, any Error>.makeStream(
            bufferingPolicy: .bufferingOldest(max(1, bufferSize)))
        let subscription = LocalSubscription(continuation)
        // An overflow ends it in the middle of a publication, when the broker must be left alone.
        continuation.onTermination = { [core] _ in
            Task {
                core.localSubscriptions.remove(subscription)
                core.leave(channel, isPattern: false, subscription)
            }
        }
        try await withCheckedThrowingContinuation { (joined: CheckedContinuation<Void, any Error>) in
            core.join(channel, isPattern: false, subscription) { joined.resume(with: $0.mapError { $0 as any Error }) }
        }
        // After it has joined: if the hub has shut down this ends it, and it must not leave before.
        core.localSubscriptions.add(subscription)
        return HubPublications(stream)
    }
}
