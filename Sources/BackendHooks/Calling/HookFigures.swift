import Metrics
import NIOCore
import Synchronization

/// What is counted of one hook's questions to one endpoint: the names come from the configuration.
final class HookFigures: Sendable {
    private let dimensions: [(String, String)]
    private let inFlight: Meter
    private let duration: Metrics.Timer
    private let outcomes = Mutex<[String: Counter]>([:])

    init(_ hook: Hook, _ endpoint: String) {
        dimensions = [("hook", hook.rawValue), ("endpoint", endpoint)]
        inFlight = Meter(label: "hook_calls_in_flight", dimensions: dimensions)
        duration = Metrics.Timer(label: "hook_duration_seconds", dimensions: dimensions)
    }

    func began() { inFlight.increment() }

    /// - Parameter time: nil: it was not asked.
    func ended(_ outcome: String, _ time: TimeAmount?) {
        if let time {
            inFlight.decrement()
            duration.recordNanoseconds(time.nanoseconds)
        }
        outcomes.withLock { outcomes in
            if let counter = outcomes[outcome] { return counter.increment() }
            let counter = Counter(label: "hook_calls_total", dimensions: dimensions + [("outcome", outcome)])
            outcomes[outcome] = counter
            counter.increment()
        }
    }
}
