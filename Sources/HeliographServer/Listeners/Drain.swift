import LiveViews
import Logging
public import NIOCore
import ServiceLifecycle

/// The first to hear of a graceful shutdown: nothing else ends before whoever sends connections here has had the time to notice.
struct Drain: Service {
    let board: StatusBoard
    let views: LiveRuntime
    let delay: Duration
    let logger: Logger

    func run() async throws {
        // Cancelled, there is nothing to wait for.
        guard (try? await gracefulShutdown()) != nil else { return }
        board.startDraining()
        if delay > .zero {
            logger.notice("draining: not ready any more, going on for a while", metadata: ["delay": "\(delay)"])
            try? await Task.sleep(for: delay)
        }
        // Their browsers are told when to come back; the listener closes their connections next.
        views.drain()
    }
}

extension HeliographApplication {
    var drain: Drain { Drain(board: board, views: views, delay: configuration.shutdown.delay, logger: logger) }

    /// Where the internal listener listens; nil if there is none, or not yet.
    public var internalAddress: SocketAddress? { listening.internalAddress }
}
