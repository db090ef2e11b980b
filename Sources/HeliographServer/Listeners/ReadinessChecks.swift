import Synchronization

/// Why the server should not be sent new connections now, by name: what `/health/ready` says.
///
/// ```swift
/// application.readiness.add("memory") { budget.isExceeded ? "over budget" : nil }
/// ```
public final class ReadinessChecks: Sendable {
    /// Asked on an event loop whenever somebody wants to know: it must not block. Nil: nothing is wrong.
    public typealias Check = @Sendable () -> String?

    private struct Named {
        let name: String
        let check: Check
    }

    private let checks = Mutex<[Named]>([])

    init() {}

    /// Adds a check.
    ///
    /// - Parameters:
    ///   - name: a word for what is looked at.
    ///   - check: says what is wrong.
    public func add(_ name: String, _ check: @escaping Check) {
        checks.withLock { $0.append(Named(name: name, check: check)) }
    }

    /// What is wrong, in the order in which the checks were added.
    public var problems: [(name: String, reason: String)] {
        checks.withLock { $0 }.compactMap { named in named.check().map { (named.name, $0) } }
    }
}
