import Synchronization

/// How the server is, for `/health`.
final class StatusBoard: Sendable {
    private let startedAt = ContinuousClock.now
    private let draining = Atomic(false)

    var isDraining: Bool { draining.load(ordering: .relaxed) }

    func startDraining() {
        draining.store(true, ordering: .relaxed)
    }

    /// Seconds.
    var uptime: Int64 { startedAt.duration(to: .now).components.seconds }
}
