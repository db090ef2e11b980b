import ArgumentParser
import CAllocator
import HeliographServer
import Logging
import Metrics
import NIOCore
import Synchronization

/// `heliograph serve`.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a server.",
        discussion: """
            Serves a start page, a chat, a market, a game, live views, a dashboard, an echo page and the routes /echo and /broadcast; or, with \
            --config, the channels and the HTTP API that the file describes (Docs/configuration.md). `heliograph init` writes such a file.

            SIGTERM and SIGINT (Ctrl-C) stop it gracefully: it takes no new connections and closes the sockets, for at most 25 s \
            (shutdown.timeout). A second signal stops it at once. SIGHUP reads the configuration and the certificate anew; connections go on.
            """)

    @OptionGroup var options: ServeOptions

    func run() async throws {
        let server = try await options.configuration()
        let sink = try LogSink(path: server.log.file)
        defer { sink.flush() }
        LoggingSystem.bootstrap { ServerLogHandler(label: $0, format: server.log.format, sink: sink) }
        // Before there are other threads. Large messages would have their pages fetched and cleared anew each time.
        callocator_keep_freed(64 << 20)
        // Before anybody has used the process's event loops.
        if let threads = server.threads { NIOSingletons.groupLoopCountSuggestion = threads }
        let metrics = ServerMetrics()
        MetricsSystem.bootstrap(metrics)
        var logger = Logger(label: "heliograph")
        logger.logLevel = server.logLevel
        let notifier = ServiceNotifier()
        let announcement = Announcement(server)
        let application = try HeliographApplication(
            configuration: server, metrics: metrics, logger: logger,
            onServing: {
                announcement.make($0, notifier)
                Self.forgetStart()
            })
        announcement.application.withLock { $0 = application }
        // Without anything to read anew, a terminal that goes away ends the server as it does others.
        var onHangup: (@Sendable () async -> Void)?
        if options.file != nil || server.tls != nil || server.internalListener?.tls != nil || server.log.file != nil {
            onHangup = { [self, logger] in
                notifier.reloading()
                do { try sink.reopen() } catch { logger.error("the log goes on where it was", metadata: ["error": "\(error)"]) }
                await reload(application, logger)
                notifier.ready()
            }
        }
        let service = SignalledService(
            application, limit: server.shutdown.timeout, logger: logger, onHangup: onHangup, onStop: notifier.stopping,
            beforeExit: sink.flush)
        try await service.run()
    }

    /// A moment later, when what begins with the server has begun.
    private static func forgetStart() {
        Task {
            try? await Task.sleep(for: .milliseconds(500))
            callocator_forget_start()
        }
    }

    @Sendable private func reload(_ application: HeliographApplication, _ logger: Logger) async {
        do {
            let new = try await options.configuration()
            let outcome = try await application.reload(new)
            logger.notice("the configuration was read anew", metadata: ["changed": "\(outcome.changed.joined(separator: ", "))"])
            guard !outcome.waiting.isEmpty else { return }
            logger.warning(
                "these settings have changed, but not before the server is started anew",
                metadata: ["settings": "\(outcome.waiting.joined(separator: ", "))"])
        } catch {
            logger.error("the configuration was not read anew; nothing has changed", metadata: ["error": "\(error)"])
        }
    }
}
