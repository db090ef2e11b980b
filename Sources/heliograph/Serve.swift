import ArgumentParser
import CAllocator
import Foundation
import HeliographServer
import Logging
import Metrics
import NIOCore
import UnixSignals

/// `heliograph serve`.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a server.",
        discussion: """
            Serves a start page, a chat, an echo page and the routes /echo and /broadcast; or, with --config, the channels and the HTTP API that \
            the file describes (Docs/configuration.md). `heliograph init` writes such a file.

            SIGTERM and SIGINT (Ctrl-C) stop it gracefully: it takes no new connections and closes the sockets, for at most 25 s. A second \
            signal stops it at once. SIGHUP reads the configuration and the certificate anew; connections go on.
            """)

    @OptionGroup var options: ServeOptions

    func run() async throws {
        let server = try await options.configuration()
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        // Before there are other threads. Large messages would have their pages fetched and cleared anew each time.
        callocator_keep_freed(64 << 20)
        // Before anybody has used the process's event loops.
        if let threads = server.threads { NIOSingletons.groupLoopCountSuggestion = threads }
        let metrics = ServerMetrics()
        MetricsSystem.bootstrap(metrics)
        var logger = Logger(label: "heliograph")
        logger.logLevel = server.logLevel
        let application = try HeliographApplication(
            configuration: server, metrics: metrics, logger: logger, onServing: { Self.announce($0, server) })
        // Without anything to read anew, a terminal that goes away ends the server as it does others.
        var onHangup: (@Sendable () async -> Void)?
        if options.file != nil || server.tls != nil {
            onHangup = { [self, logger] in await reload(application, logger) }
        }
        try await SignalledService(application, logger: logger, onHangup: onHangup).run()
    }

    @Sendable private func reload(_ application: HeliographApplication, _ logger: Logger) async {
        do {
            let new = try await options.configuration()
            let outcome = try application.reload(new)
            logger.notice("the configuration was read anew", metadata: ["changed": "\(outcome.changed.joined(separator: ", "))"])
            guard !outcome.waiting.isEmpty else { return }
            logger.warning(
                "these settings have changed, but not before the server is started anew",
                metadata: ["settings": "\(outcome.waiting.joined(separator: ", "))"])
        } catch {
            logger.error("the configuration was not read anew; nothing has changed", metadata: ["error": "\(error)"])
        }
    }

    private static func announce(_ address: SocketAddress, _ server: ServeConfiguration) {
        let scheme = server.tls == nil ? "http" : "https"
        let name = server.host.contains(":") ? "[\(server.host)]" : server.host
        let place = "://\(name):\(address.port ?? server.port)"
        print("Heliograph is running at \(scheme)\(place)")
        if server.hasDemo { print("Chat: \(scheme)\(place)/chat") }
        if server.adminPassword != nil { print("Admin: \(scheme)\(place)/admin") }
        if let realtime = server.realtime {
            let webSocket = "\(server.tls == nil ? "ws" : "wss")\(place)/connection/websocket"
            print("Clients: \(realtime.hasWebSocket ? webSocket : "\(scheme)\(place)/connection/")")
            if realtime.hasAPI { print("API: \(scheme)\(place)/api") }
            for warning in realtime.warnings { print("WARNING: \(warning)") }
        }
        print("Press Ctrl-C to stop.")
        fflush(nil)
    }
}
