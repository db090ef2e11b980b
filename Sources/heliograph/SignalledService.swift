import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// Runs a service until SIGTERM or SIGINT asks it to stop: gracefully first, at once when asked again or when it takes too long. SIGHUP is for something
/// that is to be read anew.
struct SignalledService {
    private let service: any Service
    private let limit: Duration
    private let logger: Logger
    private let onHangup: (@Sendable () async -> Void)?
    private let onStop: @Sendable () -> Void
    private let beforeExit: @Sendable () -> Void

    /// - Parameters:
    ///   - limit: how long a graceful stop may take. Default 25 s: less than the 30 s that orchestrators wait before they kill.
    ///   - onHangup: what SIGHUP does; nil: it ends the process, as it does without us.
    ///   - onStop: called when the first signal comes.
    ///   - beforeExit: called before the process is ended here.
    init(
        _ service: any Service, limit: Duration = .seconds(25), logger: Logger, onHangup: (@Sendable () async -> Void)? = nil,
        onStop: @escaping @Sendable () -> Void = {}, beforeExit: @escaping @Sendable () -> Void = {}
    ) {
        self.service = service
        self.limit = limit
        self.logger = logger
        self.onHangup = onHangup
        self.onStop = onStop
        self.beforeExit = beforeExit
    }

    func run() async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)], logger: logger))
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let hangups = onHangup == nil ? nil : await UnixSignalsSequence(trapping: .sighup)
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask { await stop(group, on: signals) }
            if let hangups, let onHangup {
                tasks.addTask {
                    for await _ in hangups { await onHangup() }
                    // The end of the signals is not the end of the service.
                    while !Task.isCancelled { try? await Task.sleep(for: .seconds(3_600)) }
                }
            }
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
    }

    private func stop(_ group: ServiceGroup, on signals: UnixSignalsSequence) async {
        var watch: Task<Void, Never>?
        for await signal in signals {
            guard watch == nil else {
                logger.notice("stopping at once", metadata: ["signal": "\(signal)"])
                beforeExit()
                exit(128 + (signal == .sigint ? SIGINT : SIGTERM))
            }
            logger.notice("stopping: no new connections, sockets are being closed", metadata: ["signal": "\(signal)"])
            onStop()
            await group.triggerGracefulShutdown()
            watch = Task { [logger, limit, beforeExit] in
                guard (try? await Task.sleep(for: limit)) != nil else { return }
                logger.warning("stopping with connections still open", metadata: ["waited": "\(limit)"])
                beforeExit()
                exit(1)
            }
        }
        watch?.cancel()
    }
}
