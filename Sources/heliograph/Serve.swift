public import ArgumentParser
import CAllocator
import Foundation
import HeliographServer
public import Logging
import Metrics
import NIOCore

/// `heliograph serve`.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a server.",
        discussion: """
            Serves a start page, a chat, an echo page and the routes /echo and /broadcast; or, with --config, the channels and the HTTP API that \
            the file describes (Docs/configuration.md).

            SIGTERM and SIGINT (Ctrl-C) stop it gracefully: it takes no new connections and closes the sockets, for at most 25 s. A second \
            signal stops it at once.
            """)

    @Option(help: "The address to listen on; 0.0.0.0 or :: for all.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 takes a free one.")
    var port = 8080

    @Option(help: "Event loops (default: one for each core).")
    var threads: Int?

    @Option(help: "A file with the server's certificate and those that lead to the root, in PEM.")
    var tlsCert: String?

    @Option(help: "A file with the certificate's private key, in PEM.")
    var tlsKey: String?

    @Option(help: "What to log.")
    var logLevel = Logger.Level.info

    @Option(help: "A file in YAML or JSON: channels, tokens, HTTP API.")
    var config: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Serve the pages, the chat, /echo and /broadcast; without them only /health. (default: --demo; with --config, --no-demo)")
    var demo: Bool?

    private var hasDemo: Bool { demo ?? (config == nil) }

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port must be 0 to 65535.") }
        if let threads, !(1...1_024).contains(threads) { throw ValidationError("--threads must be 1 to 1024.") }
        guard (tlsCert == nil) == (tlsKey == nil) else { throw ValidationError("--tls-cert and --tls-key go together.") }
    }

    func run() async throws {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        // Before there are other threads. Large messages would have their pages fetched and cleared anew each time.
        callocator_keep_freed(64 << 20)
        // Before anybody has used the process's event loops.
        if let threads { NIOSingletons.groupLoopCountSuggestion = threads }
        let metrics = ServerMetrics()
        MetricsSystem.bootstrap(metrics)
        var logger = Logger(label: "heliograph")
        logger.logLevel = logLevel
        var server = server
        if let config { server.realtime = try await RealtimeConfiguration(file: config) }
        let realtime = server.realtime
        let hasAdmin = server.adminPassword != nil || realtime?.hasAdmin == true
        let application = try HeliographApplication(
            configuration: server, metrics: metrics, logger: logger, onServing: { announce($0, realtime, hasAdmin: hasAdmin) })
        try await SignalledService(application, logger: logger).run()
    }

    private var server: ServeConfiguration {
        var server = ServeConfiguration()
        server.host = host
        server.port = port
        server.hasDemo = hasDemo
        // Not an option: those are seen by all users of the machine.
        server.liveSecret = ProcessInfo.processInfo.environment["HELIOGRAPH_LIVE_SECRET"]
        server.adminPassword = ProcessInfo.processInfo.environment["HELIOGRAPH_ADMIN_PASSWORD"]
        if let tlsCert, let tlsKey { server.tls = TLSFiles(certificate: tlsCert, key: tlsKey) }
        return server
    }

    @Sendable private func announce(_ address: SocketAddress, _ realtime: RealtimeConfiguration?, hasAdmin: Bool) {
        let scheme = tlsCert == nil ? "http" : "https"
        let name = host.contains(":") ? "[\(host)]" : host
        let place = "://\(name):\(address.port ?? port)"
        print("Heliograph is running at \(scheme)\(place)")
        if hasDemo { print("Chat: \(scheme)\(place)/chat") }
        if hasAdmin { print("Admin: \(scheme)\(place)/admin") }
        if let realtime {
            let webSocket = "\(tlsCert == nil ? "ws" : "wss")\(place)/connection/websocket"
            print("Clients: \(realtime.hasWebSocket ? webSocket : "\(scheme)\(place)/connection/")")
            if realtime.hasAPI { print("API: \(scheme)\(place)/api") }
            for warning in realtime.warnings { print("WARNING: \(warning)") }
        }
        print("Press Ctrl-C to stop.")
        fflush(nil)
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
