import Logging
import Metrics
import RealtimeHub
import Synchronization

/// What is counted of events.
final class EventFigures: Sendable {
    /// Why an event never reached a backend.
    enum Loss {
        /// More happened than could be written down.
        case busy
        /// The queue was full.
        case full
        /// The disk would not take it.
        case unwritten
        /// The disk does not give it back.
        case unreadable
        /// The backend would not.
        case refused(Int)

        var name: String {
            switch self {
            case .busy: "busy"
            case .full: "full"
            case .unwritten: "unwritten"
            case .unreadable: "unreadable"
            case .refused: "refused"
            }
        }
    }

    private let recordedCounters: [EventType: Counter]
    private let deliveredCounter = Counter(label: "hook_events_delivered_total")
    private let queuedEvents = Meter(label: "hook_queued_events")
    private let queuedBytes = Meter(label: "hook_queued_bytes")
    private let complaints = Mutex(SparingLog())

    init() {
        recordedCounters = Dictionary(
            uniqueKeysWithValues: EventType.allCases.map {
                ($0, Counter(label: "hook_events_total", dimensions: [("type", $0.rawValue)]))
            })
    }

    func recorded(_ type: EventType) { recordedCounters[type]?.increment() }

    func delivered(_ count: Int) { deliveredCounter.increment(by: count) }

    func posted(_ outcome: PostOutcome) {
        let name =
            switch outcome {
            case .taken: "ok"
            case .refused: "refused"
            case .failed(let why, _): why.outcome
            }
        Counter(label: "hook_event_posts_total", dimensions: [("outcome", name)]).increment()
    }

    func dropped(_ count: Int, _ loss: Loss, _ logger: Logger) {
        Counter(label: "hook_events_dropped_total", dimensions: [("reason", loss.name)]).increment(by: count)
        logger.error("events are lost", metadata: ["events": "\(count)", "why": "\(loss)"])
    }

    func set(_ size: QueueSize) {
        queuedEvents.set(size.events)
        queuedBytes.set(size.bytes)
    }

    /// Whether the log is to be told that a backend takes nothing.
    func mayComplain() -> Bool { complaints.withLock { $0.next() } != nil }
}
