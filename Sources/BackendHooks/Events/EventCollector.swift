// Strategy: event loops come here with what has happened, and may not wait: a lock that is held for moments, an array with an end. Everything that takes
// longer (JSON, the disk, the network) is done elsewhere with what is taken from here.

import NIOCore
import RealtimeHub
import Synchronization

/// An event, as it was when it happened.
struct RecordedEvent: Sendable {
    enum Content: Sendable {
        case started
        case lifecycle(LifecycleEvent)
        case occupied(String)
        case vacated(String)
    }

    /// From 1, without gaps but for what was dropped.
    var number: UInt64
    /// Milliseconds since 1970.
    var time: Int64
    var content: Content
}

/// Takes what happens on the loops.
final class EventCollector: Sendable {
    private struct State {
        var waiting: [RecordedEvent] = []
        var number: UInt64 = 0
        var dropped = 0
        var occupancy: ChannelOccupancy
        /// When a channel's empty cache was told of last.
        var emptyCaches: [String: NIODeadline] = [:]
        var isClosed = false
        var types: Set<EventType>
        var maxWaiting: Int
    }

    let signal: AsyncStream<Void>
    private let signaller: AsyncStream<Void>.Continuation
    private let now: @Sendable () -> Int64
    private let state: Mutex<State>

    init(_ configuration: EventConfiguration, now: @escaping @Sendable () -> Int64 = { systemMilliseconds() }) {
        self.now = now
        (signal, signaller) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        state = Mutex(
            State(
                occupancy: ChannelOccupancy(delay: configuration.vacatedDelay), types: configuration.types,
                maxWaiting: configuration.maxWaiting))
    }

    /// What happens from now on is told as another configuration says.
    func take(_ configuration: EventConfiguration) {
        state.withLock { state in
            state.types = configuration.types
            state.maxWaiting = configuration.maxWaiting
            state.occupancy.delay = TimeAmount(configuration.vacatedDelay)
        }
    }

    // MARK: From the loops

    func record(_ event: LifecycleEvent, at time: NIODeadline = .now()) {
        update { state in
            switch event {
            case .subscribed(_, let channel):
                add(.lifecycle(event), .subscribed, &state)
                // Counted even if nobody is told: that may change, and who is there must be known then.
                if state.occupancy.entered(channel) { add(.occupied(channel), .occupied, &state) }
            case .unsubscribed(_, let channel, _):
                add(.lifecycle(event), .unsubscribed, &state)
                state.occupancy.left(channel, at: time)
            case .cacheEmpty(let channel):
                if isNews(channel, time, &state) { add(.lifecycle(event), .cacheEmpty, &state) }
            default: add(.lifecycle(event), event.type, &state)
            }
        }
    }

    func recordStart() {
        update { add(.started, .started, &$0) }
    }

    /// Time has passed: channels may be vacated.
    func advance(to time: NIODeadline) {
        update { vacate(until: time, &$0) }
    }

    /// Nothing more will happen, and nobody comes back: whatever has no subscribers is vacated now.
    func close() {
        update { state in
            vacate(until: .distantFuture, &state)
            state.isClosed = true
        }
        signaller.finish()
    }

    private func vacate(until time: NIODeadline, _ state: inout State) {
        for channel in state.occupancy.vacated(at: time) { add(.vacated(channel), .vacated, &state) }
    }

    /// Many who come at once ask for the same: one of them is told of in a second.
    private func isNews(_ channel: String, _ time: NIODeadline, _ state: inout State) -> Bool {
        if let last = state.emptyCaches[channel], time < last + .seconds(1) { return false }
        if state.emptyCaches.count >= 10_000 { state.emptyCaches = state.emptyCaches.filter { time < $0.value + .seconds(1) } }
        if state.emptyCaches.count < 10_000 { state.emptyCaches[channel] = time }
        return true
    }

    private func update(_ change: (inout State) -> Void) {
        let isFirst = state.withLock { state in
            guard !state.isClosed else { return false }
            let wasEmpty = state.waiting.isEmpty
            change(&state)
            return wasEmpty && !state.waiting.isEmpty
        }
        if isFirst { signaller.yield() }
    }

    private func add(_ content: RecordedEvent.Content, _ type: EventType, _ state: inout State) {
        guard state.types.contains(type) else { return }
        state.number += 1
        guard state.waiting.count < state.maxWaiting else { return state.dropped += 1 }
        state.waiting.append(RecordedEvent(number: state.number, time: now(), content: content))
    }

    // MARK: From elsewhere

    /// What has happened since, and how many events there was no room for.
    func take() -> (events: [RecordedEvent], dropped: Int) {
        state.withLock { state in
            defer { (state.waiting, state.dropped) = ([], 0) }
            return (state.waiting, state.dropped)
        }
    }
}

extension LifecycleEvent {
    var type: EventType {
        switch self {
        case .connected: .connected
        case .disconnected: .disconnected
        case .subscribed: .subscribed
        case .unsubscribed: .unsubscribed
        case .joined: .joined
        case .left: .left
        case .cacheEmpty: .cacheEmpty
        }
    }
}
