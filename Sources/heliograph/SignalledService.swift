import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// Runs a service until SIGTERM or SIGINT asks it to stop: gracefully first, at once when asked again or when it takes too long. SIGHUP is for something
/// that is to be read anew.
struct SignalledService {
    /// Less than the 30 s that orchestrators wait before they kill.
    static let longestShutdown: Duration = .seconds(25)

    private let service: any Service
    private let logger: Logger
    private let onHangup: (@Sendable () async -> Void)?

    /// - Parameter onHangup: what SIGHUP does; nil: it ends the process, as it does without us.
    init(_ service: any Service, logger: Logger, onHangup: (@Sendable () async -> Void)? = nil) {
        self.service = service
        self.logger = logger
        self.onHangup = onHangup
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
        var limit: Task<Void, Never>?
        for await signal in signals {
            guard limit == nil else {
                logger.notice("stopping at once", metadata: ["signal": "\(signal)"])
                exit(128 + (signal == .sigint ? SIGINT : SIGTERM))
            }
            logger.notice("stopping: no new connections, sockets are being closed", metadata: ["signal": "\(signal)"])
            await group.triggerGracefulShutdown()
            limit = Task { [logger] in
                guard (try? await Task.sleep(for: Self.longestShutdown)) != nil else { return }
                logger.warning("stopping with connections still open", metadata: ["waited": "\(Self.longestShutdown)"])
                exit(1)
            }
        }
        limit?.cancel()
    }
}
